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
        int[] lengths = new int[waiting.Count];
        for (int i = 0; i < lengths.Length; i++) lengths[i] = waiting[i].Document.Sequence.Length;
        IReadOnlyList<int[]> bins = BinPacker.Pack(lengths, options.ContextLength, options.Algorithm);
        bool[] chosen = new bool[bins.Count];
        if (ended || options.Algorithm == PackingAlgorithm.NextFit)
        {
            Array.Fill(chosen, true);
            if (!ended) chosen[^1] = false; // it may still have room for what comes next
        }
        else
        {
            Choose(chosen, bins, lengths, waiting, options);
        }

        List<PackedDocument[]> packs = [];
        bool[] taken = new bool[lengths.Length];
        for (int b = 0; b < chosen.Length; b++)
        {
            if (!chosen[b]) continue;
            packs.Add(Array.ConvertAll(bins[b], i => waiting[i].Document));
            foreach (int i in bins[b]) taken[i] = true;
        }

        return (InOrder(packs, options, window), Left(waiting, taken));
    }

    /// <summary>Full packs go, and packs with a document that has waited long enough; of the others, the fullest, until half the window is free.</summary>
    private static void Choose(bool[] chosen, IReadOnlyList<int[]> bins, int[] lengths, List<WaitingDocument> waiting, StreamingPackerOptions options)
    {
        int[] fills = new int[chosen.Length];
        long leftTokens = 0;
        int leftDocuments = 0;
        bool any = false;
        double enough = options.MinimumFill * options.ContextLength;
        for (int b = 0; b < chosen.Length; b++)
        {
            bool waited = false;
            foreach (int i in bins[b])
            {
                fills[b] += lengths[i];
                waited |= waiting[i].Windows + 1 >= options.MaximumWindows;
            }

            chosen[b] = waited || fills[b] >= enough;
            any |= chosen[b];
            if (chosen[b]) continue;
            leftTokens += fills[b];
            leftDocuments += bins[b].Length;
        }

        int mostTokens = options.EffectiveWindowTokens / 2, mostDocuments = Math.Max(options.WindowDocuments, waiting.Count) / 2;
        if (any && leftTokens <= mostTokens && leftDocuments <= mostDocuments) return;
        foreach (int b in Enumerable.Range(0, chosen.Length).Where(b => !chosen[b]).OrderByDescending(b => fills[b]).ToArray())
        {
            if (any && leftTokens <= mostTokens && leftDocuments <= mostDocuments) return;
            chosen[b] = any = true;
            leftTokens -= fills[b];
            leftDocuments -= bins[b].Length;
        }
    }

    private static PackedDocument[][] InOrder(List<PackedDocument[]> packs, StreamingPackerOptions options, long window)
    {
        PackedDocument[][] ordered = options.Order == PackOrder.LongestFirst ? [.. packs.OrderByDescending(AttentionCost)] : [.. packs];
        if (options.Order == PackOrder.Shuffled) new SplitMix64(options.Seed, window).Shuffle(ordered.AsSpan());
        return ordered;
    }

    /// <summary>Σ length², which does not overflow: at most 2³⁰ tokens.</summary>
    private static long AttentionCost(PackedDocument[] pack) => pack.Sum(document => (long)document.Sequence.Length * document.Sequence.Length);

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
