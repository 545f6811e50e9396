using System.Text.Json;
using LongContext.Cuda.Decoding;
using LongContext.Cuda.Driver;

namespace LongContext.Benchmarks.Gpu;

/// <summary>
/// A decoding step's kernels of the shapes of Llama-3.2-1B and Llama-3.1-8B, captured as one graph, without libtorch: milliseconds, tokens a second, and the bytes of weights and cache that the
/// step must read over its time, beside what copying memory reaches (both ways counted) in the same process. All numbers in memory are the same: time hardly depends on them. A line of JSON for each.
/// </summary>
internal static class GpuStep
{
    private const long CopiedBytes = 2L << 30;

    private static readonly (int Sequences, int Length)[] Steps = [(1, 2_048), (1, 8_192), (1, 32_768), (8, 8_192), (32, 2_048)];

    /// <summary>Measures shapes by name; all of them where none is named.</summary>
    /// <param name="context">The GPU.</param>
    /// <param name="names">Of <see cref="GpuStepShape.All"/>.</param>
    /// <param name="output">Where lines go.</param>
    public static int Run(CudaContext context, IReadOnlyCollection<string> names, TextWriter output)
    {
        using var clock = new GpuClock(context);
        double copied = CopyBandwidth(context, clock, CopiedBytes);
        Write(output, new() { ["compute_capability"] = context.Architecture.ComputeCapability.ToString(), ["copy_GB_per_s"] = Math.Round(copied / 1e9) });
        foreach (GpuStepShape shape in GpuStepShape.All.Where(shape => names.Count == 0 || names.Contains(shape.Name)))
        {
            using var weights = new GpuStepWeights(context, shape);
            foreach (CacheCodes codes in new[] { CacheCodes.None, CacheCodes.Int8, CacheCodes.Float8 })
            {
                foreach ((int sequences, int length) in Steps) Write(output, Measure(context, clock, weights, sequences, length, codes, copied));
            }
        }

        return 0;
    }

    /// <summary>One step.</summary>
    public static Dictionary<string, object> Measure(CudaContext context, GpuClock clock, GpuStepWeights weights, int sequences, int length, CacheCodes codes, double copied)
    {
        using var work = new GpuStepWork(context, weights, sequences, length, codes);
        work.Run(0); // loads kernels
        context.Synchronize();
        using var stream = new CudaStream(context);
        using CudaGraph graph = stream.Capture(work, static (step, handle) => step.Run(handle));
        // On the default stream, whose events the clock takes; the cache of the second level is emptied before each, as weights of the first layers are gone when a step ends.
        double milliseconds = clock.Median(() => graph.Launch(0)), bytes = weights.Bytes + work.CacheBytes;
        return new()
        {
            ["shape"] = weights.Shape.Name, ["cache"] = codes == CacheCodes.None ? "bfloat16" : codes.ToString(), ["sequences"] = sequences, ["length"] = length,
            ["ms"] = Math.Round(milliseconds, 4), ["tokens_per_s"] = Math.Round(1e3 * sequences / milliseconds, 1), ["MB"] = Math.Round(bytes / 1e6, 1),
            ["GB_per_s"] = Math.Round(bytes / milliseconds / 1e6), ["of_copy_bandwidth"] = Math.Round(bytes / milliseconds * 1e3 / copied, 3),
        };
    }

    /// <summary>Bytes a second, read and written.</summary>
    public static unsafe double CopyBandwidth(CudaContext context, GpuClock clock, long bytes)
    {
        using CudaBuffer from = new(context, bytes), to = new(context, bytes);
        from.Fill(1);
        double milliseconds = clock.Median(() => Copy(context, from.Address, to.Address, bytes));
        return 2 * bytes / milliseconds * 1e3;

        static void Copy(CudaContext context, nint source, nint target, long bytes)
        {
            int status = context.Driver.MemoryCopyOnDevice(target, source, (nuint)bytes, 0);
            if (status != 0) throw new InvalidOperationException($"cuMemcpyDtoDAsync failed with {status}.");
        }
    }

    private static void Write(TextWriter output, Dictionary<string, object> row) => output.WriteLine(JsonSerializer.Serialize(row));
}
