using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// The plans of the packs of late, on their devices: all layers of a pack, and forward and backward, have the same borders, so that one plan is
/// made and uploaded for each kind of layer. Thread-safe.
/// </summary>
/// <typeparam name="TShape">What a plan is for besides the borders: heads, mask, scores; compared by value.</typeparam>
/// <typeparam name="TPlan">The plan.</typeparam>
/// <param name="make">Makes a plan, and the integers that its kernels read from the device.</param>
internal sealed class DevicePlanCache<TShape, TPlan>(Func<TShape, AttentionArguments, Device, (TPlan Plan, int[] Data)> make)
    where TShape : class, IEquatable<TShape>
{
    /// <summary>A few kinds of layers and of heads at a time, for the pack at hand, the one before and one that is evaluated.</summary>
    private const int Capacity = 16;

    private readonly Lock gate = new();

    /// <summary>Most recently used last.</summary>
    private readonly List<Entry> entries = [];

    /// <summary>Runs a launch with the plan of a call.</summary>
    /// <param name="shape">Heads, mask and scores.</param>
    /// <param name="arguments">Borders.</param>
    /// <param name="device">Where the plan's data must lie.</param>
    /// <param name="launch">Given the plan and the address of its data, which is good until the launch is on its stream.</param>
    public void Use(TShape shape, AttentionArguments arguments, Device device, Action<TPlan, nint> launch)
    {
        // Held while launching: no other thread may free the data before the kernel that reads it is on its stream. Behind it on the
        // stream, libtorch's allocator does not give the memory to anything that would write earlier.
        lock (gate)
        {
            Entry entry = Find(shape, arguments, device) ?? Add(shape, arguments, device);
            launch(entry.Plan, entry.Data.Address());
            GC.KeepAlive(entry);
        }
    }

    private Entry? Find(TShape shape, AttentionArguments arguments, Device device)
    {
        for (int i = entries.Count - 1; i >= 0; i--)
        {
            Entry entry = entries[i];
            if (!entry.IsFor(shape, arguments, device)) continue;
            entries.RemoveAt(i);
            entries.Add(entry);
            return entry;
        }

        return null;
    }

    private Entry Add(TShape shape, AttentionArguments arguments, Device device)
    {
        (TPlan plan, int[] data) = make(shape, arguments, device);
        using var scope = NewDisposeScope();
        // Into memory of libtorch's own: a tensor over an array lies wherever the array does, and kernels read 16 bytes at a time.
        Tensor uploaded = empty([data.Length], dtype: ScalarType.Int32, device: device).DetachFromDisposeScope();
        uploaded.copy_(tensor(data, dtype: ScalarType.Int32));
        // The borders are the caller's memory, which may change after the call.
        var entry = new Entry(shape, arguments.CumulativeSequenceLengths.ToArray(), arguments.KeyLengths.ToArray(), device, plan, uploaded);
        if (entries.Count == Capacity)
        {
            entries[0].Data.Dispose();
            entries.RemoveAt(0);
        }

        entries.Add(entry);
        return entry;
    }

    private sealed record Entry(TShape Shape, int[] QueryBorders, int[] KeyBorders, Device Device, TPlan Plan, Tensor Data)
    {
        public bool IsFor(TShape shape, AttentionArguments arguments, Device device) =>
            Shape.Equals(shape) && Device.type == device.type && Device.index == device.index
            && arguments.CumulativeSequenceLengths.Span.SequenceEqual(QueryBorders) && arguments.KeyLengths.SequenceEqual(KeyBorders);
    }
}
