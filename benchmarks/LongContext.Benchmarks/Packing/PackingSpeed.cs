using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Baselines;
using LongContext.Packing;

namespace LongContext.Benchmarks.Packing;

/// <summary>
/// Packing at the size of whole data sets: medians of wall time and of the processor's time, fill, and managed memory allocated. All on one
/// thread; where the processor's time is far below the wall's, other programs had the core.
/// </summary>
internal static class PackingSpeed
{
    private const int Rounds = 9, MillionTailed = 1_000_000, LongContext = 32_768;

    public static int Run(TextWriter output)
    {
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{WikipediaLengths.Histogram.SequenceCount:N0} sequences of the published Wikipedia lengths into packs of 512"));
        output.WriteLine("| what | wall ms | CPU ms | million sequences/s | fill % | packs | above the bound | allocated MB |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        LengthHistogram histogram = WikipediaLengths.Histogram;
        int[] lengths = WikipediaLengths.Lengths();
        Row(output, "lengths to histogram", lengths.Length, () => (LengthHistogram.FromLengths(lengths), null));
        Row(output, "histogram to strategies", lengths.Length, () => Packed(histogram, null));
        HistogramPacking packing = Pack(histogram, WikipediaLengths.ContextLength, null);
        Row(output, "strategies to sequences of each pack", lengths.Length, () => (packing.Assign(lengths), packing.Optimality));
        Row(output, "the same, packs shuffled", lengths.Length, () => (packing.Assign(lengths, PackOrder.Shuffled), packing.Optimality));
        foreach (int most in new[] { 2, 3, 4, 8 })
            Row(output, $"histogram to strategies, at most {most} documents", lengths.Length, () => Packed(histogram, most));
        Row(output, "lengths to packs, best fit decreasing", lengths.Length, () => Assigned(lengths, WikipediaLengths.ContextLength, PackingAlgorithm.BestFitDecreasing));
        Row(output, "lengths to packs, first fit decreasing", lengths.Length, () => Assigned(lengths, WikipediaLengths.ContextLength, PackingAlgorithm.FirstFitDecreasing));
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
            Row(output, $"stream of lengths, {algorithm}", lengths.Length, () => Streamed(lengths, WikipediaLengths.ContextLength, algorithm));
        Row(output, "baseline: best fit, sequence by sequence", lengths.Length, () => Plain(lengths, WikipediaLengths.ContextLength), rounds: 3);

        output.WriteLine();
        int[] tailed = LongTailed(MillionTailed, LongContext);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{MillionTailed:N0} long-tailed lengths (Pareto, α = 1.2, from 150) into packs of {LongContext:N0}"));
        output.WriteLine("| what | wall ms | CPU ms | million sequences/s | fill % | packs | above the bound | allocated MB |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        Row(output, "lengths to packs, best fit decreasing", tailed.Length, () => Assigned(tailed, LongContext, PackingAlgorithm.BestFitDecreasing));
        Row(output, "lengths to packs, first fit decreasing", tailed.Length, () => Assigned(tailed, LongContext, PackingAlgorithm.FirstFitDecreasing));
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
            Row(output, $"stream of lengths, {algorithm}", tailed.Length, () => Streamed(tailed, LongContext, algorithm));
        Row(output, "baseline: best fit, sequence by sequence", tailed.Length, () => Plain(tailed, LongContext), rounds: 3);
        return 0;
    }

    /// <summary>A Pareto tail: most documents of a few hundred tokens, some as long as the context.</summary>
    public static int[] LongTailed(int count, int longest)
    {
        var random = new Random(3);
        var lengths = new int[count];
        for (int i = 0; i < count; i++) lengths[i] = (int)Math.Min(longest, 150 / Math.Pow(1 - random.NextDouble(), 1 / 1.2));
        return lengths;
    }

    /// <summary>All lengths through the streaming packer, every pack taken.</summary>
    public static PackingReport Stream(int[] lengths, int contextLength, PackingAlgorithm algorithm)
    {
        var packer = new StreamingBinPacker(new StreamingPackerOptions { ContextLength = contextLength, Algorithm = algorithm });
        long taken = 0;
        foreach (int length in lengths)
        {
            packer.Add(length);
            while (packer.TryTake(out ReadOnlyMemory<long> items)) taken += items.Length;
        }

        packer.Complete();
        while (packer.TryTake(out ReadOnlyMemory<long> items)) taken += items.Length;
        return taken == lengths.Length ? packer.Report : throw new InvalidOperationException($"{taken} of {lengths.Length} lengths came out.");
    }

    private static HistogramPacking Pack(LengthHistogram histogram, int contextLength, int? most) =>
        new HistogramPacker(new HistogramPackerOptions { ContextLength = contextLength, MaximumDocuments = most }).Pack(histogram);

    private static (object, PackingOptimality?) Packed(LengthHistogram histogram, int? most)
    {
        HistogramPacking packing = Pack(histogram, WikipediaLengths.ContextLength, most);
        return (packing, packing.Optimality);
    }

    private static (object, PackingOptimality?) Assigned(int[] lengths, int contextLength, PackingAlgorithm algorithm)
    {
        PackAssignment packs = BinPacker.Assign(lengths, contextLength, algorithm);
        return (packs, Optimality(lengths, contextLength, packs.Count));
    }

    private static (object, PackingOptimality?) Streamed(int[] lengths, int contextLength, PackingAlgorithm algorithm)
    {
        PackingReport report = Stream(lengths, contextLength, algorithm);
        return (report, Optimality(lengths, contextLength, report.Packs));
    }

    private static (object, PackingOptimality?) Plain(int[] lengths, int contextLength)
    {
        List<List<int>> bins = PlainBestFit.Pack(lengths, contextLength);
        return (bins, Optimality(lengths, contextLength, bins.Count));
    }

    private static PackingOptimality Optimality(int[] lengths, int contextLength, long packs) =>
        PackingOptimality.Of(LengthHistogram.FromLengths(lengths), contextLength, packs);

    private static void Row(TextWriter output, string what, int sequences, Func<(object, PackingOptimality?)> work, int rounds = Rounds)
    {
        var wall = new double[rounds];
        var processor = new double[rounds];
        PackingOptimality? optimality = null;
        long allocated = 0;
        for (int round = 0; round <= rounds; round++)
        {
            GC.Collect();
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan processorBefore = Environment.CpuUsage.UserTime;
            long start = Stopwatch.GetTimestamp();
            (object kept, optimality) = work();
            if (round > 0) // the first warms up
            {
                wall[round - 1] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                processor[round - 1] = (Environment.CpuUsage.UserTime - processorBefore).TotalMilliseconds;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            GC.KeepAlive(kept);
        }

        Array.Sort(wall);
        Array.Sort(processor);
        double median = wall[rounds / 2];
        string result = optimality is null ? "| |" : string.Create(CultureInfo.InvariantCulture, $"{100 * optimality.FillRate:F3} | {optimality.Packs:N0} | {optimality.ExcessPacks:N0}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {median:F2} | {processor[rounds / 2]:F2} | {sequences / median / 1000:F1} | {result} | {allocated / 1e6:F1} |"));
    }
}
