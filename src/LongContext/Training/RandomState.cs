using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training;

/// <summary>
/// The state of libtorch's own generator on the CPU, for what draws from it outside the library: the library's own numbers come from
/// generators that are seeded by the run's seed and the step, of which nothing needs saving.
/// </summary>
internal static class RandomState
{
    private const string Name = "cpu";

    public static void Save(string path)
    {
        using Generator generator = Generator.Default;
        using Tensor state = generator.get_state();
        SafetensorsWriter.Write(path, [SafetensorsTensors.Entry(Name, state)]);
    }

    /// <exception cref="CheckpointFormatException">The file does not hold a state of this libtorch's generator.</exception>
    public static void Check(SafetensorsFile file)
    {
        using Generator generator = Generator.Default;
        using Tensor state = generator.get_state();
        if (!file.Tensors.TryGetValue(Name, out TensorInfo? info)) throw new CheckpointFormatException($"{file.Path}: tensor '{Name}' is missing.");
        if (info.DataType != TensorDataType.UInt8 || !info.Shape.SequenceEqual(state.shape))
        {
            throw new CheckpointFormatException(
                $"{file.Path}: tensor '{Name}' is {info.DataType} of shape [{string.Join(", ", info.Shape)}], expected {TensorDataType.UInt8} of [{string.Join(", ", state.shape)}].");
        }
    }

    public static void Restore(SafetensorsFile file)
    {
        using Generator generator = Generator.Default;
        using Tensor state = SafetensorsTensors.Read(file, file.Tensors[Name], ScalarType.Byte, CPU);
        generator.set_state(state);
    }
}
