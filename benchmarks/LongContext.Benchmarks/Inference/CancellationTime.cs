using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Harness;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;
using LongContext.Models;

namespace LongContext.Benchmarks.Inference;

/// <summary>
/// From the call of Cancel to the end of the caller's wait, and until the engine has dropped the request and given its pages back: a Llama of 32 million weights, 100,000 tokens in the cache, two threads. The
/// cache's beginning is noise, not computed.
/// </summary>
internal static class CancellationTime
{
    private const int Tokens = 100_000;
    private const int Rounds = 20;
    private const int Threads = 2;

    public static async Task<int> RunAsync(TextWriter output)
    {
        using CausalLanguageModel model = InferenceModels.Create(InferenceModels.Of30M with { MaxPositionEmbeddings = 131_072, OriginalMaxPositionEmbeddings = 131_072 });
        await MeasureAsync(model, "prefill behind 100,000 tokens", Tokens, extra: 2_000, beside: false, output).ConfigureAwait(false);
        await MeasureAsync(model, "decoding behind 100,000 tokens", Tokens, extra: 10, beside: false, output).ConfigureAwait(false);
        await MeasureAsync(model, "prefill behind 100,000 tokens beside a request that decodes", Tokens, extra: 2_000, beside: true, output).ConfigureAwait(false);
        await MeasureAsync(model, "prefill of 2,000 tokens", 64, extra: 2_000, beside: false, output).ConfigureAwait(false);
        return 0;
    }

    private static async Task MeasureAsync(CausalLanguageModel model, string what, int skipped, int extra, bool beside, TextWriter output)
    {
        using var runner = new SkippingRunner(new CpuModelRunner(model, new RunnerOptions { Threads = Threads, MaximumTokens = 512 }), skipped / 64 * 64);
        await using var engine = new GenerationEngine(
            new EngineModel(model), runner, new GenerationEngineOptions { ReusesPrefixes = false, MaximumSequences = 4 }, new CacheNeeds(runner.Pages.Groups, runner.Pages.PageTokens).Bytes(2 * Tokens));
        bool decodes = extra < 100;
        int[] prompt = Documents.Tokens(skipped + extra, model.Config.VocabularySize, new Random(1));
        List<double> answered = [], dropped = [];
        var random = new Random(2);
        for (int round = 0; round < Rounds; round++)
        {
            using CancellationTokenSource source = new(), other = new();
            Task<GenerationResult>? companion = beside ? engine.GenerateAsync(EngineTiming.Request(prompt[..8], newTokens: 100_000), other.Token) : null;
            int before = runner.StepsBehind;
            Task<GenerationResult> task = engine.GenerateAsync(EngineTiming.Request(prompt, newTokens: 10_000), source.Token);
            while (runner.StepsBehind < before + (decodes ? 4 : 1)) await Task.Delay(2).ConfigureAwait(false);
            await Task.Delay(random.Next(200)).ConfigureAwait(false);
            int left = beside ? 1 : 0;
            long start = Stopwatch.GetTimestamp();
            Task<double> ended = EndOf(task, start);
            source.Cancel();
            while (engine.Statistics is var statistics && (statistics.RunningRequests > left || statistics.UsedCacheBytes > runner.Pages.Groups[0].PageBytes * 100L * left)) await Task.Delay(1).ConfigureAwait(false);
            dropped.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            answered.Add(await ended.ConfigureAwait(false));
            await other.CancelAsync().ConfigureAwait(false);
            if (companion is not null) await EndOf(companion, start).ConfigureAwait(false);
            while (engine.Statistics.RunningRequests > 0) await Task.Delay(1).ConfigureAwait(false);
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what}: caller free after {EngineTiming.Median(answered):F2} ms (most {answered.Max():F2}), request dropped after {EngineTiming.Median(dropped):F2} ms (most {dropped.Max():F2})"));
        output.Flush();
    }

    private static async Task<double> EndOf(Task<GenerationResult> task, long start)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
