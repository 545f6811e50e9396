using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>Restoring tensors in place.</summary>
internal static class CheckpointTensors
{
    /// <exception cref="CheckpointFormatException">The file lacks the tensor, or has it in another shape.</exception>
    public static void CopyInto(Tensor target, SafetensorsFile file, string name)
    {
        using Tensor source = SafetensorsTensors.Read(file, Check(target, file, name), target.dtype, target.device);
        using var noGradient = no_grad();
        target.copy_(source);
    }

    /// <summary>Makes sure that <see cref="CopyInto"/> will find what it needs.</summary>
    /// <exception cref="CheckpointFormatException">The file lacks the tensor, or has it in another shape.</exception>
    public static TensorInfo Check(Tensor target, SafetensorsFile file, string name)
    {
        if (!file.Tensors.TryGetValue(name, out TensorInfo? info))
            throw new CheckpointFormatException($"{file.Path}: tensor '{name}' is missing.");
        if (!info.Shape.SequenceEqual(target.shape))
        {
            throw new CheckpointFormatException(
                $"{file.Path}: tensor '{name}' has shape [{string.Join(", ", info.Shape)}], expected [{string.Join(", ", target.shape)}].");
        }

        return info;
    }
}
