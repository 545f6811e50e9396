using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tests.Generation.Chat;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>Candidates in place of rows, steps that are partly the modules', shapes that are forgotten.</summary>
public sealed partial class EmulatedCudaModelRunnerTests
{
    [Fact]
    public void Candidates_OfAStep_AreTheLikeliestOfItsRows()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        CudaModelRunner runner = Create(model);
        using var steps = new StepDriver(runner, 5);
        DrivenSequence[] sequences = [.. Enumerable.Range(0, 3).Select(i => steps.Start(ModelRunnerSuite.Strangers(model, 60, i + 1)))];
        foreach (DrivenSequence sequence in sequences) steps.Step((sequence, 30, 0));
        // The same shape, and so the same graph, with needs that change; a guess beside.
        RowNeed[][] needs = [[new(1, 1), new(64, 2), default], [default, new(5, 1), new(64, 0.5f)], [new(70, 1), default, default], [new(1, 1), new(2, 1), new(3, 4)], [default, default, default]];
        var batch = new StepBatch(64, 3);
        for (int round = 0; round < needs.Length; round++)
        {
            batch.Clear();
            for (int i = 0; i < 3; i++)
            {
                int tokens = i == 2 ? 2 : 1;
                batch.Add(
                    new StepSequence { CachedTokens = sequences[i].Cached, FrequencyLength = sequences[i].Cached + tokens, LogitCount = tokens, Pages = sequences[i].Pages, Need = needs[round][i] },
                    sequences[i].Tokens.Skip(sequences[i].Cached).Take(tokens).ToArray());
            }

            runner.Run(batch, TestContext.Current.CancellationToken);
            for (int row = 0; row < 4; row++)
            {
                RowNeed need = needs[round][Math.Min(row, 2)];
                Assert.Equal(need.Candidates > 0, runner.TryCandidates(row, out TokenCandidates candidates));
                if (need.Candidates == 0) continue;
                int[] tokens = candidates.Tokens.ToArray();
                float[] scores = candidates.Scores.ToArray(), logits = runner.Logits(row).ToArray();
                Assert.Equal(Enumerable.Range(0, logits.Length).OrderByDescending(token => logits[token]).ThenBy(token => token).Take(Math.Min(64, need.Candidates)), tokens);
                Assert.Equal(tokens.Select(token => logits[token]), scores);
                (double mass, double scaled) = (logits.Sum(x => Math.Exp(x - scores[0])), logits.Sum(x => Math.Exp((x - scores[0]) * need.InverseTemperature)));
                Assert.Equal(mass, candidates.Mass, mass * candidates.Tolerance);
                Assert.Equal(scaled, candidates.ScaledMass, scaled * candidates.Tolerance);
            }
        }

        Assert.Equal(3, runner.Steps.Graphs - 1);
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.TryCandidates(4, out _));
    }

    [Fact]
    public async Task Engine_ByCandidates_GivesTheRowsTokens()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.Float16);
        GenerationOptions[] cases =
        [
            new() { MaximumNewTokens = 12 }, new() { MaximumNewTokens = 12, LogProbabilities = 3 }, new() { MaximumNewTokens = 12, Temperature = 1, Seed = 1 },
            new() { MaximumNewTokens = 12, Temperature = 0.7, TopP = 0.9, Seed = 2 }, new() { MaximumNewTokens = 12, Temperature = 1.5, MinP = 0.1, Seed = 3, LogProbabilities = 0 },
            new() { MaximumNewTokens = 12, Temperature = 1, TopK = 20, TopP = 0.8, Seed = 4 }, new() { MaximumNewTokens = 12, Temperature = 1, RepetitionPenalty = 1.2, Seed = 5 },
            new() { MaximumNewTokens = 12, MinimumNewTokens = 4, StopTokenIds = [3, 4] }, new() { MaximumNewTokens = 12, Speculation = new SpeculationOptions() },
        ];
        var (byCandidates, byRows) = (new CountingRunner(Create(model), hides: false), new CountingRunner(Create(model), hides: true));
        GenerationResult[] found = await All(byCandidates), expected = await All(byRows);
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal(expected[i].Tokens, found[i].Tokens);
            if (cases[i].LogProbabilities is null) continue;
            Assert.All(expected[i].Details!.Zip(found[i].Details!), pair => Assert.Equal(pair.First.LogProbability!.Value, pair.Second.LogProbability!.Value, 1e-4f));
        }

        // Prompts' last rows come from the modules; penalties and the minimum want rows.
        Assert.True(byCandidates.Rows <= cases.Length + 12 + 4, $"{byCandidates.Rows} rows of {byRows.Rows}");
        Assert.True(byRows.Rows > 80, $"{byRows.Rows}");

        async Task<GenerationResult[]> All(CountingRunner runner)
        {
            await using var engine = new GenerationEngine(new EngineModel(model), runner, new GenerationEngineOptions { StepTokens = 64, MaximumSequences = 1, AllowsBeyondContext = true }, 8 << 20);
            var results = new List<GenerationResult>();
            foreach (GenerationOptions options in cases)
                results.Add(await engine.GenerateAsync(new GenerationRequest { Prompt = ModelRunnerSuite.Strangers(model, 30, results.Count), Options = options }, TestContext.Current.CancellationToken));
            return [.. results];
        }
    }

    /// <summary>With a grammar that holds behind a marker alone, as calls of functions have it, rows come to the host from there on.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Engine_UnderAGrammarOfFreeText_FetchesRowsWhereItHolds(double temperature)
    {
        using CausalLanguageModel model = Model("llama", ScalarType.Float16);
        // The first 80 tokens are bytes, and so characters.
        TokenBytes tokens = TokenBytes.Of(ChatModels.Tokenizer);
        int[] free = await Answer(new CountingRunner(Create(model), hides: true), null);
        Assert.Equal(24, free.Length);
        // A token that comes late, and one that never does: the text is as without a grammar up to there, and behind it four digits.
        int place = Enumerable.Range(12, 10).First(i => Array.IndexOf(free, free[i]) == i), never = Enumerable.Range(33, 40).First(id => !free.Contains(id));
        foreach ((int marker, int[] expected) in new[] { (free[place], free[..(place + 1)]), (never, free) })
        {
            var grammar = new CompiledGrammar(tokens, 1, graph =>
            {
                int[] nodes = [.. Enumerable.Range(0, 5).Select(i => graph.Add(endsRule: i == 4))];
                for (int i = 0; i < 4; i++) graph.Byte(nodes[i], (byte)'0', (byte)'9', nodes[i + 1]);
                return FreeText.Until(graph, ((char)marker).ToString(), nodes[0], nodes[4]);
            });
            var (byCandidates, byRows) = (new CountingRunner(Create(model), hides: false), new CountingRunner(Create(model), hides: true));
            int[] found = await Answer(byCandidates, grammar);
            Assert.Equal(await Answer(byRows, grammar), found);
            int held = found.Length - expected.Length;
            Assert.Equal(expected, found[..expected.Length]);
            Assert.Equal(marker == never ? 0 : 4, held);
            Assert.All(found[expected.Length..], token => Assert.InRange(token, '0', '9'));
            // The prompt's last row comes from the modules; a few draws are not told by candidates.
            Assert.InRange(byCandidates.Rows, 1 + held, 1 + held + (temperature == 0 ? 0 : 3));
            Assert.Equal(found.Length, byRows.Rows);
        }

        async Task<int[]> Answer(CountingRunner runner, CompiledGrammar? grammar)
        {
            await using var engine = new GenerationEngine(new EngineModel(model), runner, new GenerationEngineOptions { StepTokens = 64, MaximumSequences = 1, AllowsBeyondContext = true }, 8 << 20);
            var options = new GenerationOptions { MaximumNewTokens = 24, StopTokenIds = [], Temperature = temperature, TopK = temperature > 0 ? 12 : null, Seed = 3, AnswerGrammar = grammar };
            GenerationResult result = await engine.GenerateAsync(new GenerationRequest { Prompt = ModelRunnerSuite.Strangers(model, 30, 1), Options = options }, TestContext.Current.CancellationToken);
            return result.Tokens.ToArray();
        }
    }

    [Fact]
    public void Steps_OfPromptsBesideTokens_GiveWhatEachPathGivesAlone()
    {
        using CausalLanguageModel model = Model("gemma3", ScalarType.BFloat16);
        var remapping = new SelfExtend(4, 8);
        CudaModelRunner runner = Create(model), apart = Create(model);
        using StepDriver together = new(runner, 5), alone = new(apart, 9);
        DrivenSequence[] Start(StepDriver driver) =>
        [
            driver.Start(ModelRunnerSuite.Strangers(model, 70, 1)), driver.Start(ModelRunnerSuite.Strangers(model, 70, 2)), driver.Start(ModelRunnerSuite.Strangers(model, 70, 3), remapping),
            driver.Start(ModelRunnerSuite.Strangers(model, 70, 4), null, new AttentionSinks { Sinks = 3, Window = 10 }), driver.Start(ModelRunnerSuite.Strangers(model, 70, 5)),
        ];
        DrivenSequence[] a = Start(together), b = Start(alone);
        foreach (int i in new[] { 0, 2, 3, 4 })
        {
            together.Step((a[i], 20, 0));
            alone.Step((b[i], 20, 0));
        }

        for (int round = 0; round < 4; round++)
        {
            // Tokens and guesses by kernels; a prompt, a remapped and a dropping sequence by modules, in between.
            float[][][] found = together.Step((a[0], 1, 1), (a[1], 14 + round, 2), (a[2], 1, 1), (a[3], 1, 1), (a[4], 3, 3));
            float[][][] kernels = round < 3 ? alone.Step((b[0], 1, 1), (b[1], 14 + round, 2), (b[4], 3, 3)) : alone.Step((b[0], 1, 1), (b[4], 3, 3));
            float[][][] modules = round < 3 ? alone.Step((b[2], 1, 1), (b[3], 1, 1)) : alone.Step((b[1], 17, 2), (b[2], 1, 1), (b[3], 1, 1));
            float[][][] expected = round < 3 ? [kernels[0], kernels[1], modules[0], modules[1], kernels[2]] : [kernels[0], modules[0], modules[1], modules[2], kernels[1]];
            Assert.Equal(expected, found);
        }

        Assert.Equal((4, 4), (runner.Steps.Kernels, apart.Steps.Kernels));
    }

    [Fact]
    public void Steps_OfMoreTokensThanKernelsTake_AreShared()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        CudaModelRunner runner = new(model, Options with { MaximumTokens = 128 }, context, addressBytes: 16 << 20, chunkBytes: 1);
        using StepDriver steps = new(runner, 5, pageNumbers: 200), other = new(new TorchModelRunner(model, Options with { MaximumTokens = 128 }), 3, pageNumbers: 200);
        (DrivenSequence, int, int)[] Start(StepDriver driver) => [.. Enumerable.Range(0, 9).Select(i => (driver.Start(ModelRunnerSuite.Strangers(model, 12, i)), 12, 1))];
        float[][][] found = steps.Step(Start(steps)), expected = other.Step(Start(other));
        Assert.Equal(1, runner.Steps.Kernels);
        double largest = expected.Max(rows => rows[0].Max(MathF.Abs)), worst = expected.Zip(found).Max(pair => ModelRunnerSuite.Largest(pair.First[0], pair.Second[0]));
        Assert.True(worst <= 0.03 * largest, $"off by {worst / largest:E2}");
        Assert.Equal(expected[5..], found[5..]); // 5 · 12 tokens by kernels, the rest by modules
        Assert.NotEqual(expected[..5], found[..5]);
    }

    [Fact]
    public void Steps_OfMoreShapesThanAreKept_ForgetTheLeastRecentlyUsed()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        CudaModelRunner runner = new(model, Options, context, addressBytes: 8 << 20, chunkBytes: 1, mostEntries: 2);
        using var steps = new StepDriver(runner, 5);
        DrivenSequence sequence = steps.Start(ModelRunnerSuite.Strangers(model, 60, 1));
        steps.Step((sequence, 20, 0));
        long Graphs(int tokens)
        {
            long before = runner.Steps.Graphs;
            sequence.Cached = 20;
            steps.Step((sequence, tokens, 1));
            Assert.True(runner.EntryCount <= 2);
            return runner.Steps.Graphs - before;
        }

        Assert.Equal([0, 1, 0, 1, 1, 0, 1, 0], new[] { 4, 4, 2, 2, 4, 1, 4, 2 }.Select(Graphs));
    }

    [Fact]
    public void Steps_WithoutVirtualMemory_AreTheSameOverPlainMemory()
    {
        using var plain = new EmulatedDriver(driver.Options with { VirtualMemory = false });
        using var plainContext = new CudaContext(plain, 0);
        using CausalLanguageModel model = Model("gemma3", ScalarType.BFloat16);
        using StepDriver one = new(Create(model), 5), two = new(new CudaModelRunner(model, Options, plainContext, addressBytes: 3 << 20, chunkBytes: 1), 5);
        DrivenSequence a = one.Start(ModelRunnerSuite.Strangers(model, 60, 1)), b = two.Start(ModelRunnerSuite.Strangers(model, 60, 1));
        foreach (int count in new[] { 40, 1, 1, 5 }) Assert.Equal(one.Step((a, count, 1)), two.Step((b, count, 1)));
        Assert.InRange(((CudaModelRunner)two.Runner).PlainBytes, 2 * (3 << 20) * 0.9, 2 * (3 << 20) * 1.1);
        Assert.Equal(0, ((CudaModelRunner)one.Runner).PlainBytes);
        two.Release(b);
        Assert.Equal(0, two.Runner.Pages.CommittedBytes);
    }

    /// <summary>Counts the rows that are looked at, and hides candidates.</summary>
    private sealed class CountingRunner(CudaModelRunner inner, bool hides) : IModelRunner
    {
        public int Rows { get; private set; }

        public string Name => inner.Name;

        public int VocabularySize => inner.VocabularySize;

        public int MaximumTokens => inner.MaximumTokens;

        public IPageStore Pages => inner.Pages;

        public bool SupportsRemapping => inner.SupportsRemapping;

        public void Run(StepBatch batch, CancellationToken cancellationToken) => inner.Run(batch, cancellationToken);

        public Span<float> Logits(int row)
        {
            Rows++;
            return inner.Logits(row);
        }

        public bool TryCandidates(int row, out TokenCandidates candidates)
        {
            candidates = default;
            return !hides && inner.TryCandidates(row, out candidates);
        }

        public void Dispose() => inner.Dispose();
    }
}
