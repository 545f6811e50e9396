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
        Row(output, histogram, "lengths to histogram", WikipediaLengths.ContextLength, () => LengthHistogram.FromLengths(lengths));
        Row(output, histogram, "histogram to strategies", WikipediaLengths.ContextLength, () => Pack(histogram, WikipediaLengths.ContextLength, null));
        HistogramPacking packing = Pack(histogram, WikipediaLengths.ContextLength, null);
        Row(output, histogram, "strategies to sequences of each pack", WikipediaLengths.ContextLength, () => packing.Assign(lengths));
        Row(output, histogram, "the same, packs shuffled", WikipediaLengths.ContextLength, () => packing.Assign(lengths, PackOrder.Shuffled));
        foreach (int most in new[] { 2, 3, 4, 8 })
            Row(output, histogram, $"histogram to strategies, at most {most} documents", WikipediaLengths.ContextLength, () => Pack(histogram, WikipediaLengths.ContextLength, most));
        Row(output, histogram, "lengths to packs, best fit decreasing", WikipediaLengths.ContextLength, () => BinPacker.Assign(lengths, WikipediaLengths.ContextLength, PackingAlgorithm.BestFitDecreasing));
        Row(output, histogram, "lengths to packs, first fit decreasing", WikipediaLengths.ContextLength, () => BinPacker.Assign(lengths, WikipediaLengths.ContextLength, PackingAlgorithm.FirstFitDecreasing), rounds: 3);
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
            Row(output, histogram, $"stream of lengths, {algorithm}", WikipediaLengths.ContextLength, () => Stream(lengths, WikipediaLengths.ContextLength, algorithm), rounds: 5);
        Row(output, histogram, "baseline: best fit, sequence by sequence", WikipediaLengths.ContextLength, () => PlainBestFit.Pack(lengths, WikipediaLengths.ContextLength), rounds: 3);

        output.WriteLine();
        int[] tailed = LongTailed(MillionTailed, LongContext);
        histogram = LengthHistogram.FromLengths(tailed);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{MillionTailed:N0} long-tailed lengths (Pareto, α = 1.2, from 150) into packs of {LongContext:N0}"));
        output.WriteLine("| what | wall ms | CPU ms | million sequences/s | fill % | packs | above the bound | allocated MB |");
        output.WriteLine("|---|---|---|---|---|---|---|---|");
        Row(output, histogram, "lengths to packs, best fit decreasing", LongContext, () => BinPacker.Assign(tailed, LongContext, PackingAlgorithm.BestFitDecreasing));
        Row(output, histogram, "lengths to packs, first fit decreasing", LongContext, () => BinPacker.Assign(tailed, LongContext, PackingAlgorithm.FirstFitDecreasing), rounds: 3);
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
            Row(output, histogram, $"stream of lengths, {algorithm}", LongContext, () => Stream(tailed, LongContext, algorithm));
        Row(output, histogram, "baseline: best fit, sequence by sequence", LongContext, () => PlainBestFit.Pack(tailed, LongContext), rounds: 3);
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

    private static long Packs(object result) => result switch
    {
        HistogramPacking packing => packing.PackCount,
        PackAssignment packs => packs.Count,
        PackingReport report => report.Packs,
        List<List<int>> bins => bins.Count,
        _ => 0,
    };

    private static void Row(TextWriter output, LengthHistogram histogram, string what, int contextLength, Func<object> work, int rounds = Rounds)
    {
        var wall = new double[rounds];
        var processor = new double[rounds];
        long packs = 0;
        long allocated = 0;
        for (int round = 0; round <= rounds; round++)
        {
            GC.Collect();
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan processorBefore = Environment.CpuUsage.UserTime;
            long start = Stopwatch.GetTimestamp();
            object result = work();
            if (round > 0) // the first warms up
            {
                wall[round - 1] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                processor[round - 1] = (Environment.CpuUsage.UserTime - processorBefore).TotalMilliseconds;
            }

            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            packs = Packs(result);
        }

        Array.Sort(wall);
        Array.Sort(processor);
        double median = wall[rounds / 2];
        PackingOptimality? optimality = packs == 0 ? null : PackingOptimality.Of(histogram, contextLength, packs);
        string judged = optimality is null ? "| |" : string.Create(CultureInfo.InvariantCulture, $"{100 * optimality.FillRate:F3} | {optimality.Packs:N0} | {optimality.ExcessPacks:N0}");
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {median:F2} | {processor[rounds / 2]:F2} | {histogram.SequenceCount / median / 1000:F1} | {judged} | {allocated / 1e6:F1} |"));
    }
}
