using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Baselines;
using LongContext.Benchmarks.Harness;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>
/// A Llama of 32 million weights on the CPU, two threads: decoding after 2K and 16K tokens beside a plain TorchSharp loop whose cache is joined anew for each token, and prefill beside the
/// training forward. Peers take turns with the engine in one process; medians over the rounds.
/// </summary>
internal static class InferenceOnCpu
{
    private const int Threads = 2;
    private const int NewTokens = 128;
    private const int PlainTokens = 4;
    private const int DecodingRounds = 9;
    private const int Rounds = 4;
    private static readonly int[] Contexts = [2048, 16_384];

    public static async Task<int> RunAsync(TextWriter output)
    {
        set_num_threads(Threads);
        using CausalLanguageModel model = InferenceModels.Create(InferenceModels.Of30M);
        foreach (KeyValueCacheFormat format in new[] { KeyValueCacheFormat.Model, KeyValueCacheFormat.BFloat16, KeyValueCacheFormat.Int8 })
        {
            await using var engine = new GenerationEngine(model, new GenerationEngineOptions { Threads = Threads, CacheTokens = 40_000, CacheFormat = format, MaximumSequences = 1 });
            await DecodeAsync(engine, model, format, output).ConfigureAwait(false);
        }

        await using var fresh = new GenerationEngine(model, new GenerationEngineOptions { Threads = Threads, CacheTokens = 20_000, ReusesPrefixes = false, MaximumSequences = 1 });
        foreach (int length in new[] { 512, 2048, 16_384 }) await PrefillAsync(fresh, model, length, output).ConfigureAwait(false);
        return 0;
    }

    private static async Task DecodeAsync(GenerationEngine engine, CausalLanguageModel model, KeyValueCacheFormat format, TextWriter output)
    {
        using var plain = new PlainLlama(model, requiresGradient: false);
        int[][] prompts = [.. Contexts.Select(context => Documents.Tokens(context, model.Config.VocabularySize, new Random(1)))];
        PlainLoop[] loops = [.. prompts.Select(prompt => new PlainLoop(plain, prompt))];
        List<double>[] ours = [.. Contexts.Select(_ => new List<double>())], theirs = [.. Contexts.Select(_ => new List<double>())];
        // Contexts take turns too: their ratio is asked for, and the machine is not the same a minute later.
        for (int round = 0; round < DecodingRounds; round++)
        {
            for (int i = 0; i < Contexts.Length; i++)
            {
                theirs[i].AddRange(loops[i].Decode(PlainTokens));
                // The first round reads the prompt; the later ones find it in the cache.
                double perToken = await EngineTiming.SecondsPerTokenAsync(engine, EngineTiming.Request(prompts[i], NewTokens)).ConfigureAwait(false);
                if (round > 0) ours[i].Add(perToken);
            }
        }

        foreach (PlainLoop loop in loops) loop.Dispose();
        double[] own = [.. ours.Select(EngineTiming.Median)], other = [.. theirs.Select(EngineTiming.Median)];
        for (int i = 0; i < Contexts.Length; i++)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"decoding at {Contexts[i]}, cache {format}: engine {1 / own[i]:F1} tokens/s ({1 / ours[i].Max():F1} to {1 / ours[i].Min():F1}), plain loop {1 / other[i]:F1}, ratio {other[i] / own[i]:F2}"));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cache {format}: time per token at 16,384 over that at 2,048: {own[1] / own[0]:F2}"));
    }

    private static async Task PrefillAsync(GenerationEngine engine, CausalLanguageModel model, int length, TextWriter output)
    {
        List<double> ours = [], theirs = [];
        for (int round = 0; round < Rounds; round++)
        {
            int[] prompt = Documents.Tokens(length, model.Config.VocabularySize, new Random(round));
            long start = Stopwatch.GetTimestamp();
            using (no_grad())
            using (PackedInputs inputs = PackedInputs.Create(PackedBatch.Create([new TokenSequence(prompt)])))
            using (Tensor hidden = model.Forward(inputs))
            {
                theirs.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
            }

            start = Stopwatch.GetTimestamp();
            await engine.GenerateAsync(EngineTiming.Request(prompt, newTokens: 1)).ConfigureAwait(false);
            ours.Add(Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        (double own, double other) = (EngineTiming.Median(ours), EngineTiming.Median(theirs));
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"prefill of {length}: engine {length / own:F0} tokens/s, training forward {length / other:F0}, ratio {other / own:F2}"));
    }
}
