using System.Globalization;
using LongContext.Benchmarks.Harness;
using LongContext.Generation;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>
/// Time per decoded token by the length of the context, cache formats and contexts taking turns, and a line through it: what a token costs without a context, and at which rate keys and values come. Beside it what
/// memory gives to a loop that only reads.
/// </summary>
internal static class InferenceByContext
{
    private const int Threads = 2;
    private const int NewTokens = 128;
    private const int Rounds = 6;
    private static readonly int[] Contexts = [512, 2048, 4096, 8192, 16_384];
    private static readonly int[] Megabytes = [8, 32, 64, 128, 256, 800];

    private static readonly (KeyValueCacheFormat Format, double Bytes)[] Formats =
        [(KeyValueCacheFormat.Float32, 4), (KeyValueCacheFormat.BFloat16, 2), (KeyValueCacheFormat.Float8, 1 + (4.0 / 64)), (KeyValueCacheFormat.Int8, 1 + (4.0 / 64))];

    public static async Task<int> RunAsync(TextWriter output)
    {
        foreach (int megabytes in Megabytes)
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"reading {megabytes} MB, {Threads} threads: {ReadLoop.BytesPerSecond(Threads, (long)megabytes << 20) / 1e9:F0} GB/s"));
        set_num_threads(Threads);
        using CausalLanguageModel model = InferenceModels.Create(InferenceModels.Of30M);
        int[][] prompts = [.. Contexts.Select(context => Documents.Tokens(context, model.Config.VocabularySize, new Random(context)))];
        GenerationEngine[] engines =
        [
            .. Formats.Select(each => new GenerationEngine(
                model, new GenerationEngineOptions { Threads = Threads, CacheTokens = Contexts.Sum() + 4096, CacheFormat = each.Format, MaximumSequences = 1 })),
        ];
        List<double>[,] seconds = new List<double>[Formats.Length, Contexts.Length];
        for (int round = 0; round <= Rounds; round++)
        {
            for (int format = 0; format < Formats.Length; format++)
            {
                for (int i = 0; i < Contexts.Length; i++)
                {
                    // The first round reads the prompt; the later ones find it in the cache.
                    double perToken = await EngineTiming.SecondsPerTokenAsync(engines[format], EngineTiming.Request(prompts[i], NewTokens)).ConfigureAwait(false);
                    seconds[format, i] ??= [];
                    if (round > 0) seconds[format, i].Add(perToken);
                }
            }
        }

        foreach (GenerationEngine engine in engines) await engine.DisposeAsync().ConfigureAwait(false);
        for (int format = 0; format < Formats.Length; format++)
        {
            double[] medians = [.. Contexts.Select((_, i) => EngineTiming.Median(seconds[format, i]))];
            (double alone, double perToken) = Line(Contexts, medians);
            double bytes = Formats[format].Bytes * 2 * model.Config.KeyValueHeadCount * model.Config.HeadDimension * model.Config.LayerCount;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"cache {Formats[format].Format}: ms per token {string.Join(", ", medians.Select((each, i) => $"{each * 1e3:F2} at {Contexts[i]}"))}; by the line {alone * 1e3:F2} without a context, keys and values at {bytes / perToken / 1e9:F0} GB/s; 16,384 over 2,048: {medians[^1] / medians[1]:F2}"));
        }

        return 0;
    }

    /// <summary>The line of least squares: what is there at 0, and what each step adds.</summary>
    private static (double Start, double Slope) Line(int[] x, double[] y)
    {
        double meanX = x.Average(), meanY = y.Average();
        double slope = x.Zip(y, (a, b) => (a - meanX) * (b - meanY)).Sum() / x.Sum(a => (a - meanX) * (a - meanX));
        return (meanY - (slope * meanX), slope);
    }
}
