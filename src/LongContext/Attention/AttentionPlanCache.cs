using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Attention;

/// <summary>
/// The plans of the packs of late, on their devices: all layers of a pack, and forward and backward, have the same borders, so that one plan is
/// made and uploaded for each kind of layer. Thread-safe.
/// </summary>
internal sealed class AttentionPlanCache
{
    /// <summary>A few kinds of layers and of heads at a time, for the pack at hand, the one before and one that is evaluated.</summary>
    private const int Capacity = 16;

    private readonly Lock gate = new();

    /// <summary>Most recently used last.</summary>
    private readonly List<Entry> entries = [];

    /// <summary>Runs a launch with the plan of a call.</summary>
    /// <param name="shape">Heads, mask and scores.</param>
    /// <param name="architecture">The GPU.</param>
    /// <param name="arguments">Borders.</param>
    /// <param name="device">Where the plan's data must lie.</param>
    /// <param name="launch">Given the plan and the address of its data, which is good until the launch is on its stream.</param>
    public void Use(AttentionShape shape, GpuArchitecture architecture, AttentionArguments arguments, Device device, Action<AttentionPlan, nint> launch)
    {
        // Held while launching: no other thread may free the data before the kernel that reads it is on its stream. Behind it on the
        // stream, libtorch's allocator does not give the memory to anything that would write earlier.
        lock (gate)
        {
            Entry entry = Find(shape, arguments, device) ?? Add(shape, architecture, arguments, device);
            launch(entry.Plan, entry.Data.Address());
        }
    }

    private Entry? Find(AttentionShape shape, AttentionArguments arguments, Device device)
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

    private Entry Add(AttentionShape shape, GpuArchitecture architecture, AttentionArguments arguments, Device device)
    {
        var plan = new AttentionPlan(shape, architecture, arguments.CumulativeSequenceLengths.Span, arguments.KeyLengths);
        using var scope = NewDisposeScope();
        var entry = new Entry(plan, device, tensor(plan.Data.ToArray(), dtype: ScalarType.Int32).to(device).DetachFromDisposeScope());
        if (entries.Count == Capacity)
        {
            entries[0].Data.Dispose();
            entries.RemoveAt(0);
        }

        entries.Add(entry);
        return entry;
    }

    private sealed record Entry(AttentionPlan Plan, Device Device, Tensor Data)
    {
        public bool IsFor(AttentionShape shape, AttentionArguments arguments, Device device) =>
            Plan.Shape == shape && Device.type == device.type && Device.index == device.index
            && Borders(Plan.QueryBorders).SequenceEqual(arguments.CumulativeSequenceLengths.Span) && Borders(Plan.KeyBorders).SequenceEqual(arguments.KeyLengths);

        private ReadOnlySpan<int> Borders(AttentionSection section) => Plan.Data.Span.Slice(section.First, section.Length);
    }
}
