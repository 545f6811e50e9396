using LongContext.Data;

namespace LongContext.Packing;

/// <summary>Which sequences are in which pack: all numbers in one array, so that tens of millions of packs are two arrays.</summary>
public sealed class PackAssignment
{
    private readonly int[] offsets;
    private readonly int[] indices;

    /// <param name="offsets">Where each pack begins in <paramref name="indices"/>, and the end.</param>
    /// <param name="indices">The sequences' numbers, pack by pack.</param>
    internal PackAssignment(int[] offsets, int[] indices)
    {
        this.offsets = offsets;
        this.indices = indices;
    }

    /// <summary>Number of packs.</summary>
    public int Count => offsets.Length - 1;

    /// <summary>Where each pack begins in <see cref="Indices"/>: <see cref="Count"/> + 1 ascending values, the last one the end.</summary>
    public ReadOnlyMemory<int> Offsets => offsets;

    /// <summary>The sequences' numbers, from 0, pack by pack.</summary>
    public ReadOnlyMemory<int> Indices => indices;

    /// <summary>The numbers of a pack's sequences.</summary>
    /// <param name="pack">From 0 to <see cref="Count"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such pack.</exception>
    public ReadOnlySpan<int> this[int pack] =>
        (uint)pack < (uint)Count ? indices.AsSpan(offsets[pack]..offsets[pack + 1])
            : throw new ArgumentOutOfRangeException(nameof(pack), pack, $"Expected 0 to {Count - 1}.");

    /// <summary>The same packs in random order.</summary>
    internal PackAssignment Shuffled(SplitMix64 random)
    {
        int[] order = new int[Count];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        random.Shuffle(order.AsSpan());
        int[] newOffsets = new int[offsets.Length], newIndices = new int[indices.Length];
        int end = 0;
        for (int p = 0; p < order.Length; p++)
        {
            ReadOnlySpan<int> pack = this[order[p]];
            pack.CopyTo(newIndices.AsSpan(end));
            newOffsets[p + 1] = end += pack.Length;
        }

        return new PackAssignment(newOffsets, newIndices);
    }
}
