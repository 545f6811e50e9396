using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>State to and from files.</summary>
internal abstract partial class Optimizer
{
    private const string UpdatesPrefix = "step.";

    /// <summary>The state as entries of a safetensors file, under PyTorch's names before the parameter's.</summary>
    public IReadOnlyList<SafetensorsEntry> State() =>
    [
        .. entries.SelectMany(entry => entry.Saved, (entry, saved) => SafetensorsTensors.Entry($"{saved.Prefix}.{entry.Parameter.Name}", saved.Value)),
        .. entries.Select(UpdatesEntry),
    ];

    /// <summary>Which optimizer it is, and what of its options the state's numbers depend on.</summary>
    public OptimizerIdentity Identity => OptimizerIdentity.Of(options, keepsMasters: entries.Any(entry => entry.Master is not null));

    /// <summary>Makes sure that <see cref="Restore"/> will find what it needs.</summary>
    /// <exception cref="CheckpointFormatException">The file lacks a tensor of the state, or has it in another shape or type.</exception>
    public void CheckState(SafetensorsFile file)
    {
        foreach (OptimizedParameter entry in entries)
        {
            foreach ((string prefix, Tensor value) in entry.Saved) CheckpointTensors.Check(value, file, $"{prefix}.{entry.Parameter.Name}");
            ReadUpdates(file, entry);
        }
    }

    /// <summary>Takes the state from a file.</summary>
    public void Restore(SafetensorsFile file, long updates)
    {
        foreach (OptimizedParameter entry in entries)
        {
            foreach ((string prefix, Tensor value) in entry.Saved) CheckpointTensors.CopyInto(value, file, $"{prefix}.{entry.Parameter.Name}");
            entry.Updates = ReadUpdates(file, entry);
        }

        Updates = updates;
    }

    private static SafetensorsEntry UpdatesEntry(OptimizedParameter entry)
    {
        byte[] bytes = new byte[sizeof(long)];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64LittleEndian(bytes, entry.Updates);
        return new SafetensorsEntry(UpdatesPrefix + entry.Parameter.Name, TensorDataType.Int64, [1], stream => stream.Write(bytes));
    }

    private static long ReadUpdates(SafetensorsFile file, OptimizedParameter entry)
    {
        string name = UpdatesPrefix + entry.Parameter.Name;
        CheckpointTensors.Check(file, name, [1], TensorDataType.Int64);
        long updates = file.ReadArray<long>(name)[0];
        return updates >= 0 ? updates : throw new CheckpointFormatException($"{file.Path}: tensor '{name}' is {updates}, expected a count of updates.");
    }
}
