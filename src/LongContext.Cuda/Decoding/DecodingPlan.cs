using System.Diagnostics;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Decoding;

/// <summary>
/// How the sequences of a decoding step are cut into splits, so that the blocks fill the GPU in whole waves.
/// </summary>
/// <remarks>
/// A plan says into how many splits each sequence goes, not where they begin: the kernel takes that from the lengths in device memory, each
/// split getting its share of the sequence's present tiles. So a plan stays right, to the last key, while sequences grow or shrink, and a
/// captured graph of its launches too; only its balance ages, which <see cref="Efficiency"/> tells. A plan made with a capacity always
/// launches the same number of blocks: a new plan is then put under a captured graph by uploading its <see cref="Words"/> alone.
/// </remarks>
internal sealed class DecodingPlan
{
    private readonly int[] splits;
    private readonly int[] words;

    private DecodingPlan(DecodingShape shape, int[] splits, int[] words, int items, int combinedItems, int slots, int multiprocessors, int blocksPerMultiprocessor)
    {
        Shape = shape;
        this.splits = splits;
        this.words = words;
        Items = items;
        CombinedItems = combinedItems;
        Slots = slots;
        Multiprocessors = multiprocessors;
        BlocksPerMultiprocessor = blocksPerMultiprocessor;
    }

    /// <summary>The step's shape.</summary>
    public DecodingShape Shape { get; }

    /// <summary>Splits of each sequence.</summary>
    public ReadOnlySpan<int> Splits => splits;

    /// <summary>For the device: <see cref="Items"/> × (sequence, split, splits, slot), then <see cref="CombinedItems"/> × (sequence, splits, first slot, 0).</summary>
    public ReadOnlySpan<int> Words => words;

    /// <summary>Entries of the work list, −1 entries that fill it up included.</summary>
    public int Items { get; }

    /// <summary>Entries of the list of sequences whose splits are combined, −1 entries included.</summary>
    public int CombinedItems { get; }

    /// <summary>Partial results that the workspace has to hold.</summary>
    public int Slots { get; }

    /// <summary>Multiprocessors planned for.</summary>
    public int Multiprocessors { get; }

    /// <summary>Blocks that run on a multiprocessor at a time.</summary>
    public int BlocksPerMultiprocessor { get; }

    /// <summary>Blocks of the attention kernel.</summary>
    public int Blocks => checked(Items * Shape.KeyHeads * Shape.RowBlocks);

    /// <summary>Blocks of the combining kernel.</summary>
    public int CombineBlocks => checked(CombinedItems * Shape.MaxQueryTokens * Shape.Heads);

    /// <summary>Size of <see cref="Words"/> in device memory.</summary>
    public long WordBytes => 4L * words.Length;

    /// <summary>Partial results [slots, query tokens · heads, head size] and, from <see cref="SumsOffset"/>, their log-sums, float32.</summary>
    public long WorkspaceBytes => SumsOffset + (4L * Slots * Shape.MaxQueryTokens * Shape.Heads);

    /// <summary>Where in the workspace the log-sums begin.</summary>
    public long SumsOffset => 4L * Slots * Shape.MaxQueryTokens * Shape.Heads * Shape.HeadSize;

    /// <summary>Share of the last wave's places that have a block.</summary>
    public double LastWaveFill
    {
        get
        {
            int wave = Multiprocessors * BlocksPerMultiprocessor;
            return Blocks == 0 ? 0 : (((Blocks - 1) % wave) + 1) / (double)wave;
        }
    }

    /// <summary>Plans for sequences of these lengths.</summary>
    /// <param name="shape">The step's shape.</param>
    /// <param name="lengths">Keys of each sequence, those of the new tokens included.</param>
    /// <param name="architecture">The GPU.</param>
    /// <param name="capacity">Entries that the work list is filled up to, so that every plan launches the same grid; 0: as many as needed.</param>
    /// <exception cref="ArgumentException">The shape is not valid, a length is negative, or the capacity is less than the number of sequences.</exception>
    public static DecodingPlan Create(DecodingShape shape, ReadOnlySpan<int> lengths, GpuArchitecture architecture, int capacity = 0)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(architecture);
        shape.Validate();
        if (capacity != 0 && capacity < lengths.Length) throw new ArgumentException($"The capacity is {capacity}, expected 0 or at least the {lengths.Length} sequences.", nameof(capacity));
        int perMultiprocessor = DecodingTile.BlocksPerMultiprocessor(shape.HeadSize, architecture, shape.Codes != CacheCodes.None);
        int[] tiles = TileCounts(shape, lengths);
        var balance = new DecodingBalance(shape, architecture.MultiprocessorCount * perMultiprocessor);
        int[] splits = balance.Choose(tiles, capacity == 0 ? int.MaxValue : capacity);
        return Lay(shape, tiles, splits, capacity, architecture.MultiprocessorCount, perMultiprocessor);
    }

    /// <summary>A plan of the caller's choice of splits, for tests and measurements.</summary>
    internal static DecodingPlan WithSplits(DecodingShape shape, ReadOnlySpan<int> lengths, ReadOnlySpan<int> splits, GpuArchitecture architecture)
    {
        shape.Validate();
        return Lay(shape, TileCounts(shape, lengths), splits.ToArray(), 0, architecture.MultiprocessorCount, DecodingTile.BlocksPerMultiprocessor(shape.HeadSize, architecture, shape.Codes != CacheCodes.None));
    }

    /// <summary>
    /// How near this plan's splits come to the best that any plan could do at these lengths: 1 where all places are busy to the end.
    /// Compare with a new plan's to see whether sequences have grown too unequal for this one.
    /// </summary>
    /// <param name="lengths">Present keys of each sequence.</param>
    /// <exception cref="ArgumentException">The plan is for another number of sequences.</exception>
    public double Efficiency(ReadOnlySpan<int> lengths)
    {
        if (lengths.Length != splits.Length) throw new ArgumentException($"There are {lengths.Length} lengths, the plan is for {splits.Length} sequences.", nameof(lengths));
        return new DecodingBalance(Shape, Multiprocessors * BlocksPerMultiprocessor).Efficiency(TileCounts(Shape, lengths), splits);
    }

    private static int[] TileCounts(DecodingShape shape, ReadOnlySpan<int> lengths)
    {
        var tiles = new int[lengths.Length];
        for (int i = 0; i < tiles.Length; i++)
        {
            if (lengths[i] < 0) throw new ArgumentException($"Length {i} is {lengths[i]}, expected at least 0.", nameof(lengths));
            tiles[i] = DecodingTile.Count(shape, lengths[i]);
        }

        return tiles;
    }

    private static DecodingPlan Lay(DecodingShape shape, int[] tiles, int[] splits, int capacity, int multiprocessors, int perMultiprocessor)
    {
        var work = new List<(int Tiles, int Sequence, int Split, int Slot)>();
        var combined = new List<(int Sequence, int Splits, int Slot)>();
        int slots = 0;
        for (int sequence = 0; sequence < splits.Length; sequence++)
        {
            int count = splits[sequence];
            Debug.Assert(count >= 1);
            for (int split = 0; split < count; split++)
            {
                work.Add((DecodingBalance.SplitTiles(tiles[sequence], count, split), sequence, split, count == 1 ? -1 : slots + split));
            }

            if (count == 1) continue;
            combined.Add((sequence, count, slots));
            slots += count;
        }

        int items = Math.Max(capacity, work.Count), combinedItems = capacity == 0 ? combined.Count : splits.Length;
        var words = new int[4 * (items + combinedItems)];
        Array.Fill(words, -1);
        int at = 0;
        // The longest first: what is left for the end is short. Sorting is stable, so that a sequence's neighbouring splits run together.
        foreach ((_, int sequence, int split, int slot) in work.OrderByDescending(item => item.Tiles))
        {
            words[at++] = sequence;
            words[at++] = split;
            words[at++] = splits[sequence];
            words[at++] = slot;
        }

        at = 4 * items;
        foreach ((int sequence, int count, int slot) in combined)
        {
            words[at++] = sequence;
            words[at++] = count;
            words[at++] = slot;
            words[at++] = 0;
        }

        return new DecodingPlan(shape, splits, words, items, combinedItems, capacity == 0 ? slots : capacity, multiprocessors, perMultiprocessor);
    }
}
