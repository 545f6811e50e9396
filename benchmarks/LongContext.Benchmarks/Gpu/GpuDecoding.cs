using System.Text.Json;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Benchmarks.Gpu;

/// <summary>
/// Decoding attention of one layer of Llama 3.1 8B (32 query heads, 8 key heads of 128, bfloat16): milliseconds, bytes of cache a second, and
/// beside them what filling memory reaches, the plan's blocks, and what its balance promises. All numbers are the same, 0.011: time hardly depends on them.
/// </summary>
internal static class GpuDecoding
{
    private static readonly (int Sequences, int Length)[] Steps =
        [(1, 2_048), (1, 8_192), (1, 32_768), (1, 131_072), (8, 8_192), (8, 32_768), (32, 2_048), (32, 8_192), (128, 2_048)];

    /// <summary>A line of JSON for each step, form of the cache and number of query tokens.</summary>
    public static int Run(CudaContext context, TextWriter output)
    {
        using var clock = new GpuClock(context);
        using (var buffer = new CudaBuffer(context, 1L << 30))
        {
            Write(output, new() { ["fill_GB_per_s"] = Math.Round((1L << 30) / clock.Median(() => buffer.Fill(1)) / 1e6) });
        }

        foreach ((int sequences, int length) in Steps)
        {
            foreach (int pageSize in new[] { 0, 16, 64 })
            {
                foreach (int tokens in new[] { 1, 4 }) Write(output, Measure(context, clock, sequences, length, pageSize, tokens));
            }
        }

        // One long sequence among short ones: the splits have to even it out.
        Write(output, Measure(context, clock, [131_072, .. Enumerable.Repeat(1_024, 31)], 64, 1));
        return 0;
    }

    private static Dictionary<string, object> Measure(CudaContext context, GpuClock clock, int sequences, int length, int pageSize, int tokens) =>
        Measure(context, clock, [.. Enumerable.Repeat(length, sequences)], pageSize, tokens);

    private static Dictionary<string, object> Measure(CudaContext context, GpuClock clock, int[] lengths, int pageSize, int tokens)
    {
        var shape = new DecodingShape { Heads = 32, KeyHeads = 8, HeadSize = 128, MaxQueryTokens = tokens };
        DecodingPlan plan = DecodingPlan.Create(shape, lengths, context.Architecture);
        int step = Math.Max(1, pageSize), sequences = lengths.Length;
        int[] pageCounts = [.. lengths.Select(length => (length + step - 1) / step)];
        int maxPages = pageCounts.Max(), rows = pageCounts.Sum() * step;
        long bytes = 2L * 2 * lengths.Sum(length => (long)length) * shape.KeyHeads * shape.HeadSize;
        using var keys = new CudaBuffer(context, 2L * rows * shape.KeyHeads * shape.HeadSize);
        using var values = new CudaBuffer(context, keys.Bytes);
        using var query = new CudaBuffer(context, 2L * sequences * tokens * shape.Heads * shape.HeadSize);
        using var result = new CudaBuffer(context, query.Bytes);
        foreach (CudaBuffer buffer in new[] { keys, values, query }) buffer.Fill(0x3c);
        using CudaBuffer queryBorders = Upload(context, Enumerable.Range(0, sequences + 1).Select(i => i * tokens));
        using CudaBuffer keyBorders = Upload(context, Enumerable.Range(0, sequences + 1).Select(i => lengths[..i].Sum()));
        using CudaBuffer present = Upload(context, lengths);
        using CudaBuffer pages = Upload(context, Scattered(pageCounts, maxPages));
        using CudaBuffer words = Upload(context, plan.Words.ToArray());
        using var workspace = new CudaBuffer(context, Math.Max(16, plan.WorkspaceBytes));
        var arguments = new DecodingArguments
        {
            Query = query.Address, Keys = keys.Address, Values = values.Address, Output = result.Address, QueryBorders = queryBorders.Address,
            Lengths = present.Address, KeyBorders = pageSize == 0 ? keyBorders.Address : 0, Pages = pageSize == 0 ? 0 : pages.Address, MaxPages = maxPages, PageSize = pageSize,
            PlanWords = words.Address, Workspace = workspace.Address, Tokens = sequences * tokens, Scale = 1 / MathF.Sqrt(shape.HeadSize),
        };
        var attention = new DecodingAttention(context);
        double milliseconds = clock.Median(() => attention.Forward(arguments, plan));
        return new()
        {
            ["sequences"] = sequences, ["longest"] = lengths.Max(), ["page_size"] = pageSize, ["query_tokens"] = tokens,
            ["ms"] = Math.Round(milliseconds, 4), ["GB_per_s"] = Math.Round(bytes / milliseconds / 1e6), ["cache_MB"] = Math.Round(bytes / 1e6, 1),
            ["splits"] = plan.Splits.ToArray().Max(), ["blocks"] = plan.Blocks, ["last_wave"] = Math.Round(plan.LastWaveFill, 3), ["balance"] = Math.Round(plan.Efficiency(lengths), 3),
        };
    }

    private static int[] Scattered(int[] counts, int maxPages)
    {
        int[] order = [.. Enumerable.Range(0, counts.Sum())];
        new Random(1).Shuffle(order);
        var pages = new int[counts.Length * maxPages];
        int next = 0;
        for (int sequence = 0; sequence < counts.Length; sequence++)
        {
            for (int page = 0; page < counts[sequence]; page++) pages[(sequence * maxPages) + page] = order[next++];
        }

        return pages;
    }

    private static CudaBuffer Upload(CudaContext context, IEnumerable<int> values)
    {
        int[] all = [.. values];
        var buffer = new CudaBuffer(context, Math.Max(16, 4L * all.Length));
        buffer.Upload<int>(all);
        return buffer;
    }

    private static void Write(TextWriter output, Dictionary<string, object> row) => output.WriteLine(JsonSerializer.Serialize(row));
}
