using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>Restoring tensors in place.</summary>
internal static class CheckpointTensors
{
    /// <exception cref="CheckpointFormatException">The file lacks the tensor, or has it in another shape or a type that does not go into it.</exception>
    public static void CopyInto(Tensor target, SafetensorsFile file, string name)
    {
        using Tensor source = SafetensorsTensors.Read(file, Check(target, file, name), target.dtype, target.device);
        using var noGradient = no_grad();
        target.copy_(source);
    }

    /// <summary>Makes sure that <see cref="CopyInto"/> will find what it needs.</summary>
    /// <exception cref="CheckpointFormatException">The file lacks the tensor, or has it in another shape or a type that does not go into it.</exception>
    public static TensorInfo Check(Tensor target, SafetensorsFile file, string name)
    {
        TensorInfo info = Find(file, name, target.shape);
        if (target.dtype == ScalarType.Byte) return OfType(info, file, TensorDataType.UInt8);
        if (info.DataType is not (TensorDataType.Float64 or TensorDataType.Float32 or TensorDataType.Float16 or TensorDataType.BFloat16))
            throw new CheckpointFormatException($"{file.Path}: tensor '{name}' is of type {info.DataType}, expected floating point of 16 bits or more.");
        return info;
    }

    /// <summary>Makes sure that a tensor is there in a shape and of a type.</summary>
    /// <exception cref="CheckpointFormatException">It is not.</exception>
    public static TensorInfo Check(SafetensorsFile file, string name, long[] shape, TensorDataType type) =>
        OfType(Find(file, name, shape), file, type);

    private static TensorInfo Find(SafetensorsFile file, string name, long[] shape)
    {
        if (!file.Tensors.TryGetValue(name, out TensorInfo? info))
            throw new CheckpointFormatException($"{file.Path}: tensor '{name}' is missing.");
        if (!info.Shape.SequenceEqual(shape))
        {
            throw new CheckpointFormatException(
                $"{file.Path}: tensor '{name}' has shape [{string.Join(", ", info.Shape)}], expected [{string.Join(", ", shape)}].");
        }

        return info;
    }

    private static TensorInfo OfType(TensorInfo info, SafetensorsFile file, TensorDataType type) => info.DataType == type
        ? info
        : throw new CheckpointFormatException($"{file.Path}: tensor '{info.Name}' is of type {info.DataType}, expected {type}.");
}
