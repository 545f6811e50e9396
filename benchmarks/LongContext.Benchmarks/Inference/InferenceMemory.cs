using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Harness;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>Long requests one after another, and the process's memory after each. The model is tiny, so that a prompt of 100,000 tokens takes seconds; the cache takes one such request.</summary>
internal static class InferenceMemory
{
    private static ModelConfig Config { get; } = new()
    {
        ModelType = "llama",
        VocabularySize = 256,
        HiddenSize = 32,
        IntermediateSize = 64,
        LayerCount = 2,
        HeadCount = 1,
        KeyValueHeadCount = 1,
        HeadDimension = 16,
        MaxPositionEmbeddings = 131_072,
        OriginalMaxPositionEmbeddings = 131_072,
    };

    public static async Task<int> RunAsync(int requests, int tokens, TextWriter output)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(Config, seed: 1, new ModelLoadOptions { DataType = ScalarType.Float32 });
        await using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = tokens + 1_000 });
        output.WriteLine($"before: {Resident():F1} MB resident; plan: {engine.MemoryPlan}");
        List<double> resident = [];
        for (int i = 0; i < requests; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await engine.GenerateAsync(EngineTiming.Request(Documents.Tokens(tokens, Config.VocabularySize, new Random(i)), newTokens: 8)).ConfigureAwait(false);
            resident.Add(Resident());
            GenerationEngineStatistics statistics = engine.Statistics;
            if (i < 3 || (i + 1) % 10 == 0)
            {
                output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"request {i + 1}: {Stopwatch.GetElapsedTime(start).TotalSeconds:F1} s, {resident[^1]:F1} MB resident, cache {statistics.CommittedCacheBytes / 1e6:F2} of {statistics.CacheBytes / 1e6:F2} MB, managed {GC.GetTotalMemory(forceFullCollection: false) / 1e6:F1} MB"));
                output.Flush();
            }
        }

        await engine.ClearCacheAsync().ConfigureAwait(false);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"resident after the second {resident[Math.Min(1, requests - 1)]:F1} MB, most {resident.Max():F1} MB, after the last {resident[^1]:F1} MB, cleared {Resident():F1} MB; cache then {engine.Statistics.CommittedCacheBytes} bytes"));
        return 0;
    }

    private static double Resident() => Environment.WorkingSet / 1e6;
}
