using LongContext.Data;

namespace LongContext.Packing;

/// <summary>Makes the packs of one look-ahead window, and says which documents wait for the next. A pure function of its arguments.</summary>
internal static class WindowPacking
{
    /// <param name="waiting">The window's documents in the stream's order.</param>
    /// <param name="options">How to pack.</param>
    /// <param name="ended">Nothing comes after these documents: none may wait.</param>
    /// <param name="window">The window's number, for the seed.</param>
    /// <returns>The packs in the order to hand them out, and the documents left in the stream's order.</returns>
    public static (PackedDocument[][] Packs, List<WaitingDocument> Left) Pack(List<WaitingDocument> waiting, StreamingPackerOptions options, bool ended, long window)
    {
        if (waiting.Count == 0) return ([], []);
        return options.SortedBatchSize is { } size ? SortedBatches(waiting, size, options.Seed, ended, window) : Packs(waiting, options, ended, window);
    }

    private static (PackedDocument[][] Packs, List<WaitingDocument> Left) Packs(List<WaitingDocument> waiting, StreamingPackerOptions options, bool ended, long window)
    {
        int[] lengths = new int[waiting.Count], waited = new int[waiting.Count];
        for (int i = 0; i < lengths.Length; i++) (lengths[i], waited[i]) = (waiting[i].Document.Sequence.Length, waiting[i].Windows);
        WindowBins bins = WindowBins.Pack(lengths, waited, options, ended, window);
        PackedDocument[][] packs = new PackedDocument[bins.Chosen.Count][];
        bool[] taken = new bool[lengths.Length];
        for (int p = 0; p < packs.Length; p++)
        {
            ReadOnlySpan<int> bin = bins.Bins[bins.Chosen[p]];
            packs[p] = new PackedDocument[bin.Length];
            for (int i = 0; i < bin.Length; i++)
            {
                packs[p][i] = waiting[bin[i]].Document;
                taken[bin[i]] = true;
            }
        }

        return (packs, Left(waiting, taken));
    }

    private static (PackedDocument[][] Packs, List<WaitingDocument> Left) SortedBatches(List<WaitingDocument> waiting, int size, int seed, bool ended, long window)
    {
        // The newest wait for a whole batch: nothing waits twice, unless a window is smaller than a batch.
        int count = ended ? waiting.Count : waiting.Count - (waiting.Count % size);
        PackedDocument[][][] batches =
        [
            .. waiting.Take(count).Select(document => document.Document)
                .OrderByDescending(document => document.Sequence.Length)
                .Select(document => (PackedDocument[])[document])
                .Chunk(size),
        ];
        // An incomplete batch, which only the end of the stream has, comes last: the steps before it are whole batches.
        int whole = count / size;
        new SplitMix64(seed, window).Shuffle(batches.AsSpan(0, whole));
        bool[] taken = new bool[waiting.Count];
        Array.Fill(taken, true, 0, count);
        return ([.. batches.SelectMany(batch => batch)], Left(waiting, taken));
    }

    private static List<WaitingDocument> Left(List<WaitingDocument> waiting, bool[] taken)
    {
        List<WaitingDocument> left = [];
        for (int i = 0; i < taken.Length; i++)
        {
            if (!taken[i]) left.Add(waiting[i] with { Windows = waiting[i].Windows + 1 });
        }

        return left;
    }
}
