namespace LongContext.Cpu.Attention;

/// <summary>All that the workers of one call need to know.</summary>
internal unsafe struct AttentionJob
{
    /// <summary>Keys between two rescalings of a row: blocks begin at multiples of it.</summary>
    public const int BlockKeys = 256;

    /// <summary>Keys of a partition: each row's softmax begins anew at multiples of it, and what came of the partitions is merged in rising order.</summary>
    public const int PartitionKeys = 1024;

    /// <summary>Rows (queries × heads of a key head) that go over the keys together, unless one query has more heads.</summary>
    public const int TileRows = 96;

    /// <summary>The number by which an item says that it is about the sinks.</summary>
    public const int SinkPartition = -2;

    /// <summary>Views of a sequence, at most.</summary>
    public const int MaximumViews = 8;

    public CacheLayout Layout;
    public AttentionSettings Settings;
    public AttentionSequence* Sequences;
    public float* Queries;
    public long QueryStride;
    public float* Output;
    public long OutputStride;
    public float* LogSumExp;
    public AttentionItem* Items;
    public long* Order;
    public byte* Partials;
    public byte* Scratch;
    public long ScratchBytes;
    public int TileQueries;
    public int ItemCount;

    /// <summary>Whether each worker goes through items that follow one another: what it reads next is known then.</summary>
    public bool InShares;

    public int ViewCapacity;

    /// <summary>Query heads of a key head.</summary>
    public readonly int Group => Settings.Heads / Layout.KeyHeads;

    /// <summary>Bytes of a row of a partial result: maximum, sum, output, padded to whole vectors.</summary>
    public readonly long PartialBytes => PartialBytesOf(Layout);

    /// <summary>The same of any call.</summary>
    public static long PartialBytesOf(in CacheLayout layout) => sizeof(float) * (16L + layout.PaddedHeadSize);

    /// <summary>The first key that a query at a position sees, sinks apart.</summary>
    public readonly int FirstVisible(in AttentionSequence sequence, int position)
    {
        int window = sequence.Window > 0 ? sequence.Window : Settings.Window;
        return window > 0 ? Math.Max(0, position - window + 1) : 0;
    }

    /// <summary>One past the last sink that a query at a position sees before its window.</summary>
    public readonly int SinkEnd(in AttentionSequence sequence, int position) => Math.Min(sequence.Sinks, FirstVisible(sequence, position));
}

/// <summary>One piece of work: some queries of a sequence with the heads of one key head, over all they see or over one partition.</summary>
internal struct AttentionItem
{
    /// <summary>Index of the sequence.</summary>
    public int Sequence;

    /// <summary>Head of keys and values.</summary>
    public int KeyHead;

    /// <summary>First query, counted in the sequence's rows.</summary>
    public int FirstQuery;

    /// <summary>Queries.</summary>
    public int QueryCount;

    /// <summary>Number of the partition; -1 for all, -2 for the sinks.</summary>
    public int Partition;

    /// <summary>For a merge: partial results, the sinks' among them.</summary>
    public int PartitionCount;

    /// <summary>Where the partial results begin: [partitions, rows].</summary>
    public long PartialOffset;
}
