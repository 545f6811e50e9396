using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tests.Models;
using LongContext.TestSupport;

namespace LongContext.Tests.Generation.Engine;

/// <summary>
/// Real models through the whole engine: transformers' greedy tokens on all model folders, whatever is done to a request on its way. A Phi-3 that passes the end of its original window is computed anew
/// there, where transformers loses its context: from there on <see cref="TextGenerator"/> is what is compared with.
/// </summary>
public abstract class EngineModelSuite
{
    private const int SmallPages = 16;

    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    internal abstract IModelRunner Create(CausalLanguageModel model, RunnerOptions options);

    /// <summary>Whether numbers, too, are the same on every path, to the bit.</summary>
    internal abstract bool IsExact { get; }

    /// <summary>Tokens of steps in which prompts are read alone.</summary>
    internal abstract IReadOnlyList<int> StepTokens { get; }

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_AloneInAnyChunksAndPages_GivesTransformersTokens(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        foreach (Golden golden in Goldens(model, name))
        {
            foreach (int step in StepTokens)
            {
                await using Made made = Make(model, step, sequences: 1, pageTokens: step == 64 ? 64 : SmallPages, reuses: false);
                made.Runner.Open();
                golden.Check(await made.GenerateAsync(golden.Request()), $"{name}, {step} tokens a step", IsExact);
                Assert.True(made.Runner.Largest.Tokens <= step);
            }
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_AmongStrangersThenAgain_GivesTransformersTokensAndReusesThem(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        await using Made made = Make(model, step: 24, sequences: 6, SmallPages, reuses: true);
        Golden[] goldens = Goldens(model, name);
        foreach (bool again in new[] { false, true })
        {
            foreach (SpeculationOptions? speculation in again ? [null, Guessing] : new[] { (SpeculationOptions?)null })
            {
                Task<GenerationResult>[] strangers = [.. new[] { 3, 40, 75, 18 }.Select((length, i) => made.GenerateAsync(Stranger(model, length, i + (again ? 10 : 0))))];
                Task<GenerationResult>[] ours = [.. goldens.Select(golden => made.GenerateAsync(golden.Request(speculation)))];
                made.Runner.Open();
                for (int i = 0; i < goldens.Length; i++)
                {
                    GenerationResult result = await ours[i];
                    goldens[i].Check(result, $"{name}, again {again}, guesses {speculation is not null}", IsExact);
                    Assert.Equal(again, result.ReusedTokens > 0);
                    if (speculation is not null && i == 1) Assert.True(result.GuessedTokens > 0);
                }

                await Task.WhenAll(strangers);
            }
        }

        Assert.True(made.Runner.Largest.Sequences > 3);
    }

    /// <summary>What a step leaves to a finalizer is taken from under it sooner or later here: the process ends.</summary>
    [Theory]
    [InlineData("qwen3")]
    [InlineData("gemma2")]
    public async Task GenerateAsync_WhileFinalizersRunAllTheTime_GivesTransformersTokens(string name)
    {
        SlowTests.SkipUnlessAsked();
        using CausalLanguageModel model = FixtureModels.Load(name);
        Golden[] goldens = Goldens(model, name);
        using var pressure = new CollectionPressure();
        for (int round = 0; round < 4 || pressure.Count <= 100; round++)
        {
            await using Made made = Make(model, step: 24, sequences: 6, SmallPages, reuses: round % 2 == 1);
            Task<GenerationResult>[] strangers = [.. new[] { 3, 40, 75, 18 }.Select((length, i) => made.GenerateAsync(Stranger(model, length, i)))];
            Task<GenerationResult>[] ours = [.. goldens.Select(golden => made.GenerateAsync(golden.Request()))];
            made.Runner.Open();
            for (int i = 0; i < goldens.Length; i++) goldens[i].Check(await ours[i], $"{name}, round {round}", IsExact);
            await Task.WhenAll(strangers);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_PreemptedAndComputedAgain_GivesTransformersTokens(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        Golden golden = Goldens(model, name)[1];
        const int step = 16;
        foreach (bool reuses in new[] { false, true })
        {
            // Both prompts fit together, but not both whole texts. The golden one has the lower priority, so that its pages go.
            await using Made made = Make(model, step, sequences: 2, SmallPages, reuses, needs => 2 * needs.Bytes(golden.Prompt.Length + 1, step));
            Task<GenerationResult> other = made.GenerateAsync(Stranger(model, golden.Prompt.Length, 3, golden.Expected.Length + 6));
            GenerationResult result = await made.GenerateAsync(golden.Request() with { Priority = -1 }, opens: true);
            await other;
            golden.Check(result, $"{name}, keeps {reuses}", IsExact);
            // What both hold at the golden one's end, at least. Where that is no more than there is, since windows stop growing, nothing shows.
            long held = 2 * made.Runner.Pages.Groups.Sum(group => (Math.Min(group.Window ?? int.MaxValue, golden.Prompt.Length + golden.Expected.Length - 1) + SmallPages - 1L) / SmallPages * group.PageBytes);
            if (held > made.Engine.Statistics.CacheBytes) Assert.True(result.Preemptions > 0, $"{name} was not preempted");
            else Assert.Contains(made.Runner.Pages.Groups, group => group.Window is not null);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_Remapped_GivesTheGeneratorsTokens(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        int[] prompt = Goldens(model, name)[1].Prompt;
        foreach (PositionRemapping remapping in new PositionRemapping[] { new SelfExtend(4, 8), new DualChunkAttention(24, 4) })
        {
            if (Refuses(model, remapping)) continue;
            model.PositionRemapping = remapping;
            int[] expected = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] });
            model.PositionRemapping = null;
            var golden = new Golden(prompt, expected, remapping);
            await using Made made = Make(model, step: 24, sequences: 3, SmallPages, reuses: true);
            Task<GenerationResult> stranger = made.GenerateAsync(Stranger(model, 50, 8));
            golden.Check(await made.GenerateAsync(golden.Request(), opens: true), $"{name}, {remapping}", IsExact);
            golden.Check(await made.GenerateAsync(golden.Request(Guessing)), $"{name}, {remapping} again", IsExact);
            await stranger;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_PromptLogProbabilities_AreTheModelsOwnInAnyChunks(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        int[] prompt = Goldens(model, name)[1].Prompt;
        foreach (PositionRemapping? remapping in new PositionRemapping?[] { null, new SelfExtend(4, 8) })
        {
            if (remapping is not null && Refuses(model, remapping)) continue;
            model.PositionRemapping = remapping;
            float[] expected = [.. new PerplexityEvaluator(model).TokenLosses(PackedBatch.Create([new TokenSequence(prompt)]))];
            model.PositionRemapping = null;
            PromptToken[]? before = null;
            foreach (int step in (int[])[64, 24, 17])
            {
                await using Made made = Make(model, step, sequences: 3, SmallPages, reuses: true);
                Task<GenerationResult> stranger = made.GenerateAsync(Stranger(model, 50, 8));
                GenerationRequest request = new() { Prompt = prompt, PositionRemapping = remapping, Options = new GenerationOptions { MaximumNewTokens = 0, PromptLogProbabilities = 3 } };
                PromptToken[] found = [.. (await made.GenerateAsync(request, opens: true)).PromptDetails!];
                await stranger;
                for (int i = 1; i < prompt.Length; i++)
                {
                    Assert.Equal(-expected[i - 1], found[i].LogProbability!.Value, 2e-3f);
                    if (found[i].Rank <= 3) Assert.Equal((prompt[i], found[i].LogProbability!.Value), (found[i].Alternatives[found[i].Rank!.Value - 1].TokenId, found[i].Alternatives[found[i].Rank!.Value - 1].LogProbability));
                }

                if (IsExact && before is not null) Assert.Equal(before.Select(token => (token.LogProbability, token.Rank)), found.Select(token => (token.LogProbability, token.Rank)));
                before = found;
            }
        }
    }

    internal static SpeculationOptions Guessing { get; } = new() { MaximumTokens = 4, ShortestMatch = 1, LongestMatch = 3 };

    internal static GenerationRequest Stranger(CausalLanguageModel model, int length, int seed, int most = 20)
    {
        var random = new SplitMix64(seed, length);
        var prompt = new int[length];
        for (int i = 0; i < length; i++) prompt[i] = random.NextInt(model.Config.VocabularySize);
        return new GenerationRequest { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = most, Temperature = 0.7, Seed = seed, StopTokenIds = [] } };
    }

    internal Made Make(
        CausalLanguageModel model, int step, int sequences, int pageTokens, bool reuses, Func<CacheNeeds, long>? cache = null, LongContext.Cpu.Attention.CacheFormat? format = null)
    {
        var runner = new GatedRunner(Create(model, new RunnerOptions { PageTokens = pageTokens, MaximumTokens = step, Threads = 2, CacheFormat = format }));
        long bytes = cache?.Invoke(new CacheNeeds(runner.Pages.Groups, pageTokens)) ?? 1L << 28;
        var options = new GenerationEngineOptions { StepTokens = step, MaximumSequences = sequences, ReusesPrefixes = reuses, AllowsBeyondContext = true };
        return new Made(new GenerationEngine(new EngineModel(model), runner, options, bytes), runner);
    }

    private static bool Refuses(CausalLanguageModel model, PositionRemapping remapping)
    {
        try
        {
            model.CheckRemapping(remapping);
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private static Golden[] Goldens(CausalLanguageModel model, string name)
    {
        using SafetensorsFile file = FixtureModels.Golden(name);
        return [.. new[] { "generate", "generate_long" }.Select(kind =>
        {
            int[] prompt = FixtureModels.Ids(file, kind + ".prompt"), expected = FixtureModels.Ids(file, kind + ".output")[prompt.Length..];
            if (model.CacheEndsAt is not { } end || prompt.Length > end || prompt.Length + expected.Length <= end) return new Golden(prompt, expected);
            int[] intended = new TextGenerator(model).Generate(prompt, new GenerationOptions { MaximumNewTokens = expected.Length, StopTokenIds = [] });
            int shared = end - prompt.Length + 1;
            Assert.Equal(expected[..shared], intended[..shared]);
            return new Golden(prompt, intended);
        })];
    }

    /// <summary>An engine and its runner.</summary>
    internal sealed record Made(GenerationEngine Engine, GatedRunner Runner) : IAsyncDisposable
    {
        public async Task<GenerationResult> GenerateAsync(GenerationRequest request, bool opens = false)
        {
            Task<GenerationResult> task = Engine.GenerateAsync(request, TestContext.Current.CancellationToken);
            if (opens) Runner.Open();
            return await task;
        }

        public ValueTask DisposeAsync()
        {
            Runner.Open();
            return Engine.DisposeAsync();
        }
    }

    /// <summary>A prompt, what follows it, and the numbers that were first seen with it.</summary>
    internal sealed class Golden(int[] prompt, int[] expected, PositionRemapping? remapping = null)
    {
        private (float, float)[]? numbers;

        public int[] Prompt => prompt;

        public int[] Expected => expected;

        public GenerationRequest Request(SpeculationOptions? speculation = null) => new()
        {
            Prompt = prompt,
            PositionRemapping = remapping,
            Options = new GenerationOptions { MaximumNewTokens = expected.Length, StopTokenIds = [], LogProbabilities = 2, Speculation = speculation },
        };

        public void Check(GenerationResult result, string what, bool exactly)
        {
            Assert.True(expected.AsSpan().SequenceEqual(result.Tokens.ToArray()), $"{what}: {string.Join(' ', result.Tokens)}, expected {string.Join(' ', expected)}");
            (float, float)[] own = [.. result.Details!.Select(token => (token.LogProbability!.Value, token.Alternatives![1].LogProbability))];
            numbers ??= own;
            if (exactly) Assert.True(numbers.AsSpan().SequenceEqual(own), $"{what}: other bits");
        }
    }
}
