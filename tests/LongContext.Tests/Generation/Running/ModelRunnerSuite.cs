using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Tests.Adapters;
using LongContext.Tests.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>What every runner holds: transformers' tokens and logits on all model folders, in any pages, chunks and company.</summary>
public abstract class ModelRunnerSuite
{
    private const double LogitsTolerance = 2e-4;

    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    [Theory, MemberData(nameof(Cases))]
    public void Greedy_InAnyChunksAndCompany_GivesTransformersTokens(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        using var driver = new StepDriver(Create(model, Options), 7);
        foreach (string kind in new[] { "generate", "generate_long" })
        {
            int[] prompt = FixtureModels.Ids(golden, kind + ".prompt"), expected = FixtureModels.Ids(golden, kind + ".output");
            foreach (int chunk in new[] { 64, 16, 7, 1 })
            {
                DrivenSequence[] strangers = chunk == 64 ? [] : [.. Enumerable.Range(1, 3).Select(i => driver.Start(Strangers(model, 10 * i, i)))];
                Assert.Equal(expected[prompt.Length..], driver.Greedy(model, prompt, expected.Length - prompt.Length, chunk, strangers));
                foreach (DrivenSequence stranger in strangers) driver.Release(stranger);
            }
        }

        Assert.Equal(0, driver.Runner.Pages.CommittedBytes);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Run_AllRows_GivesTransformersLogits(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        using var driver = new StepDriver(Create(model, Options), 3);
        int[] ids = FixtureModels.Ids(golden, "long.input_ids");
        float[] expected = golden.ReadArray<float>("long.logits");
        DrivenSequence[] strangers = [driver.Start(Strangers(model, 25, 1)), driver.Start(Strangers(model, 40, 2))];
        foreach (int chunk in new[] { 64, 16, 7 }) AssertClose(expected, driver.All(ids, chunk, null, strangers), LogitsTolerance);
    }

    [Fact]
    public void Run_Remapped_GivesTheModelsLogits()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        int[] tokens = TinyModels.Tokens(90, 4);
        foreach (PositionRemapping remapping in new PositionRemapping[] { new SelfExtend(4, 8), new SelfExtend(2, 16), new DualChunkAttention(32, 8), new DualChunkAttention(12, 3) })
        {
            model.PositionRemapping = remapping;
            float[] expected = ModelFixtureTests.Logits(model, tokens);
            model.PositionRemapping = null;
            using var driver = new StepDriver(Create(model, Options), 5);
            Assert.True(driver.Runner.SupportsRemapping);
            // A stranger under none, and one under another.
            DrivenSequence[] strangers = [driver.Start(TinyModels.Tokens(30, 8)), driver.Start(TinyModels.Tokens(20, 9), new SelfExtend(3, 4))];
            foreach (int chunk in new[] { 64, 11, 1 }) AssertClose(expected, driver.All(tokens, chunk, remapping, strangers), LogitsTolerance);
        }
    }

    public static TheoryData<string, int, int, SinkPositions> SinkCases() => new(
        from name in new[] { "llama-default", "gemma2", "gemma3", "smollm3", "qwen3", "mistral-window", "llama-yarn4" }
        from sizes in new[] { (4, 24), (0, 7), (17, 40), (40, 5), (3, 1), (1, 95) }
        from positions in Enum.GetValues<SinkPositions>()
        select (name, sizes.Item1, sizes.Item2, positions));

    [Theory, MemberData(nameof(SinkCases))]
    public void Run_SinksAndWindow_GivesWhatMasksOverAllKeysGive(string name, int sinks, int window, SinkPositions positions)
    {
        using CausalLanguageModel model = FixtureModels.Load(name, new ModelLoadOptions { DataType = ScalarType.Float32 });
        var dropping = new AttentionSinks { Sinks = sinks, Window = window, Positions = positions };
        int[] tokens = Strangers(model, 100, 7);
        float[] expected = DenseSinkAttention.Logits(model, tokens, dropping), whole = DenseSinkAttention.Logits(model, tokens, null);
        using var driver = new StepDriver(Create(model, Options), 9);
        float[] plain = driver.All(tokens, 16);
        // The oracle itself: without sinks it is the model.
        AssertClose(whole, plain, LogitsTolerance);
        int before = window * model.Config.VocabularySize;
        if (model.Shape.Layers.Any(layer => layer.SlidingWindow is null)) Assert.True(Largest(whole[before..], expected[before..]) > 10 * LogitsTolerance);
        foreach (int chunk in new[] { 64, 13, 1 })
        {
            // Strangers under none, and under others.
            DrivenSequence[] strangers = chunk == 64 ? [] : [driver.Start(Strangers(model, 30, 1)), driver.Start(Strangers(model, 50, 2), null, dropping with { Window = window + 3 })];
            float[] actual = driver.All(driver.Start(tokens, null, dropping), chunk, strangers);
            AssertClose(expected, actual, LogitsTolerance);
            foreach (DrivenSequence stranger in strangers) driver.Release(stranger);
        }

        Assert.Equal(0, driver.Runner.Pages.CommittedBytes);
    }

    public static TheoryData<string, int, int, int, VotePooling> SelectionCases() => new(
        from name in new[] { "llama-default", "gemma2", "smollm3", "qwen3", "mistral-window" }
        from sizes in new[] { (20, 4, 5), (33, 16, 1), (69, 3, 7) }
        from pooling in Enum.GetValues<VotePooling>()
        select (name, sizes.Item1, sizes.Item2, sizes.Item3, pooling));

    [Theory, MemberData(nameof(SelectionCases))]
    public void Run_SelectedPrompt_GivesWhatMasksOverAllKeysGive(string name, int kept, int observed, int pool, VotePooling pooling)
    {
        using CausalLanguageModel model = FixtureModels.Load(name, new ModelLoadOptions { DataType = ScalarType.Float32 });
        const int prompt = 70;
        var selection = new PromptSelection { MaximumTokens = kept, ObservedTokens = observed, PoolSize = pool, Pooling = pooling };
        int[] tokens = Strangers(model, 100, 7);
        float[] expected = DenseSelectionAttention.Logits(model, tokens, selection, prompt);
        using var driver = new StepDriver(Create(model, Options), 9);
        int before = prompt * model.Config.VocabularySize;
        float[] whole = driver.All(tokens, 16);
        AssertClose(whole[..before], expected[..before], LogitsTolerance);
        if (kept < 50 && model.Shape.Layers.Any(layer => layer.SlidingWindow is null)) Assert.True(Largest(whole[before..], expected[before..]) > 10 * LogitsTolerance);
        foreach (int chunk in new[] { 64, 13, 1 })
        {
            DrivenSequence sequence = driver.Start(tokens, null, null, new PromptChoice(selection, prompt));
            DrivenSequence stranger = driver.Start(Strangers(model, 60, 2));
            var actual = new List<float>();
            while (sequence.Cached < tokens.Length)
            {
                int rest = prompt - observed - sequence.Cached;
                int count = rest > 0 ? Math.Min(chunk, rest) : sequence.Cached < prompt ? observed : Math.Min(chunk, tokens.Length - sequence.Cached);
                foreach (float[] row in stranger.Cached < 50 && count < 50 ? driver.Step((stranger, 5, 1), (sequence, count, count))[1] : driver.Step((sequence, count, count))[0]) actual.AddRange(row);
            }

            AssertClose(expected, [.. actual], LogitsTolerance);
            driver.Release(sequence);
            driver.Release(stranger);
        }

        Assert.Equal(0, driver.Runner.Pages.CommittedBytes);
    }

    [Fact]
    public void Run_RemappedLayersBesideWindowsAndCaps_GivesTheModelsLogits()
    {
        using CausalLanguageModel model = FixtureModels.Load("gemma2");
        int[] tokens = Strangers(model, 100, 3);
        var remapping = new SelfExtend(3, 16);
        model.PositionRemapping = remapping;
        float[] expected = ModelFixtureTests.Logits(model, tokens);
        model.PositionRemapping = null;
        using var driver = new StepDriver(Create(model, Options), 5);
        foreach (int chunk in new[] { 64, 9 }) AssertClose(expected, driver.All(tokens, chunk, remapping), LogitsTolerance);
    }

    /// <summary>Float32 caches are exact; the others' largest deviation of a logit, over the logits' largest magnitude, as measured and doubled.</summary>
    [Theory]
    [InlineData("Float32", 1e-5)]
    [InlineData("BFloat16", 0.011)]
    [InlineData("Int8", 0.037)]
    [InlineData("Float8", 0.15)]
    public void Run_CacheInAnotherFormat_DeviatesWithinItsBound(string format, double bound)
    {
        double worst = 0;
        foreach (string name in new[] { "llama-default", "gemma3", "qwen3", "olmo2", "mistral-window" })
        {
            using CausalLanguageModel model = FixtureModels.Load(name);
            using var driver = new StepDriver(Create(model, Options with { CacheFormat = Enum.Parse<LongContext.Cpu.Attention.CacheFormat>(format) }), 3);
            int[] tokens = Strangers(model, 120, 6);
            float[] expected = ModelFixtureTests.Logits(model, tokens), actual = driver.All(tokens, 16);
            double off = Largest(expected, actual) / expected.Max(MathF.Abs);
            worst = Math.Max(worst, off);
            if (format != "Float32") Assert.True(off > 1e-5, $"{name}: the cache seems to be exact");
            // In whatever chunks, each key is rounded once.
            AssertClose(actual, driver.All(tokens, 5), LogitsTolerance + (0.2 * bound * expected.Max(MathF.Abs)));
        }

        TestContext.Current.SendDiagnosticMessage($"{GetType().Name} {format}: {worst:E2}");
        Assert.True(worst <= bound, $"off by {worst:E2} of the largest logit, allowed {bound:E2}");
    }

    [Theory]
    [InlineData("Float32")]
    [InlineData("BFloat16")]
    [InlineData("Int8")]
    [InlineData("Float8")]
    public void Pages_SavedLoadedAndCopied_HoldWhatTheyHeld(string format)
    {
        using CausalLanguageModel model = FixtureModels.Load("gemma2");
        using var driver = new StepDriver(Create(model, Options with { CacheFormat = Enum.Parse<LongContext.Cpu.Attention.CacheFormat>(format) }), 3);
        IPageStore pages = driver.Runner.Pages;
        int[] tokens = Strangers(model, 42, 6);
        DrivenSequence sequence = driver.Start(tokens);
        driver.Step((sequence, 41, 0));
        sequence.Cached = 40;
        float[] expected = driver.Step((sequence, 2, 1))[0][0];

        MoveToOtherPages(pages, sequence);
        sequence.Cached = 40;
        Assert.Equal(expected, driver.Step((sequence, 2, 1))[0][0]);
    }

    /// <summary>Out to the host and back into other pages, the third one, whose first tokens are cached up to 40, by a copy of what is in it.</summary>
    internal static void MoveToOtherPages(IPageStore pages, DrivenSequence sequence)
    {
        for (int group = 0; group < pages.Groups.Count; group++)
        {
            for (int index = 0; index < sequence.Pages.Of(group).Length; index++)
            {
                int from = sequence.Pages.Of(group)[index], to = 100 + index;
                if (from < 0) continue;
                pages.Commit(group, to);
                var host = new byte[pages.Groups[group].PageBytes];
                pages.Load(group, to, [.. Enumerable.Repeat((byte)0xFF, host.Length)]);
                if (index == 2)
                {
                    pages.Copy(group, from, to, 40 - (2 * pages.PageTokens));
                }
                else
                {
                    pages.Save(group, from, host);
                    pages.Load(group, to, host);
                }

                pages.Decommit(group, from);
                sequence.Pages.Set(group, index, to);
            }
        }
    }

    [Fact]
    public void Pages_WrongUse_Throws()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        using IModelRunner runner = Create(model, Options);
        runner.Pages.Commit(0, 3);
        Assert.Equal(runner.Pages.Groups[0].PageBytes, runner.Pages.Groups[0].PageBytes / runner.Pages.PageTokens * runner.Pages.PageTokens);
        Assert.Contains("Page 3", Assert.Throws<InvalidOperationException>(() => runner.Pages.Commit(0, 3)).Message, StringComparison.Ordinal);
        Assert.Contains("Page 4", Assert.Throws<InvalidOperationException>(() => runner.Pages.Decommit(0, 4)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => runner.Pages.Load(0, 3, new byte[3]));
        Assert.Throws<ArgumentException>(() => runner.Pages.Save(0, 3, new byte[3]));
        Assert.Throws<ArgumentOutOfRangeException>(() => runner.Logits(0).Length);
        var batch = new StepBatch(200, 2);
        batch.Add(new StepSequence { Pages = new SequencePages(1) }, new int[65]);
        Assert.Contains("65 tokens", Assert.Throws<ArgumentException>("batch", () => runner.Run(batch, CancellationToken.None)).Message, StringComparison.Ordinal);
        Assert.Contains("PageTokens is 48", Assert.Throws<ArgumentException>(() => Create(model, Options with { PageTokens = 48 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Cancelled_ThrowsAndLeavesTheCacheUsable()
    {
        using CausalLanguageModel model = FixtureModels.Load("qwen3");
        using var driver = new StepDriver(Create(model, Options), 3);
        int[] tokens = Strangers(model, 60, 2);
        float[] expected = driver.Prefill(driver.Start(tokens), 64);
        DrivenSequence sequence = driver.Start(tokens);
        driver.Step((sequence, 30, 0));
        var batch = new StepBatch(64, 1);
        batch.Add(new StepSequence { CachedTokens = 30, Pages = sequence.Pages }, tokens.AsSpan(30, 2));
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => driver.Runner.Run(batch, cancelled.Token));
        AssertClose(expected, driver.Prefill(sequence, 64), LogitsTolerance);
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Run_HalfTypes_GivesTheModelsLogits(ScalarType dataType)
    {
        foreach (string name in new[] { "llama-default", "gemma3", "qwen2", "phi3-longrope", "granite" })
        {
            using CausalLanguageModel model = FixtureModels.Load(name, new ModelLoadOptions { DataType = dataType }), wide = FixtureModels.Load(name, new ModelLoadOptions { DataType = ScalarType.Float32 });
            using var driver = new StepDriver(Create(model, Options), 3);
            int[] tokens = Strangers(model, 50, 2);
            float[] exact = ModelFixtureTests.Logits(wide, tokens), expected = HalfLogits(model, tokens), actual = driver.All(tokens, 16);
            // As near to exact arithmetic as the model's own in that type, twice over.
            AssertClose(exact, actual, (2 * Largest(exact, expected)) + 1e-3);
        }
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    [InlineData(WeightQuantization.FourBit)]
    [InlineData(WeightQuantization.Float8)]
    public void Run_QuantisedWeights_GivesTheModelsLogits(WeightQuantization quantization)
    {
        foreach (string name in new[] { "llama-default", "phi3-longrope", "qwen2" })
        {
            using CausalLanguageModel model = FixtureModels.Load(name, new ModelLoadOptions { WeightQuantization = quantization });
            using var driver = new StepDriver(Create(model, Options), 3);
            int[] tokens = Strangers(model, 50, 2);
            AssertClose(ModelFixtureTests.Logits(model, tokens), driver.All(tokens, 16), LogitsTolerance);
        }
    }

    public static IEnumerable<TheoryDataRow<string>> AdapterCases() => LoraFixtures.All();

    [Theory, MemberData(nameof(AdapterCases))]
    public void Run_Adapter_GivesPeftsLogits(string name)
    {
        using SafetensorsFile golden = LoraFixtures.Golden(name);
        (CausalLanguageModel model, LoraAdapter _) = LoraFixtures.Load(name);
        using CausalLanguageModel owned = model;
        if (!Takes(model)) return;
        TensorInfo info = golden.Tensors["input_ids"];
        int rows = (int)info.Shape[0];
        float[] expected = golden.ReadArray<float>("logits");
        using var driver = new StepDriver(Create(model, Options), 3);
        for (int row = 0; row < rows; row++)
        {
            int[] ids = FixtureModels.Ids(golden, "input_ids", row);
            int size = expected.Length / rows;
            AssertClose(expected[(row * size)..((row + 1) * size)], driver.All(ids, 7), LogitsTolerance);
        }
    }

    /// <summary>Whether the runner runs a model at all, as the choice between runners has it.</summary>
    internal virtual bool Takes(CausalLanguageModel model) => true;

    internal static RunnerOptions Options { get; } = new() { PageTokens = 16, MaximumTokens = 64, Threads = 2 };

    internal abstract IModelRunner Create(CausalLanguageModel model, RunnerOptions options);

    internal static int[] Strangers(CausalLanguageModel model, int count, int seed)
    {
        var random = new LongContext.Data.SplitMix64(seed, count);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt(model.Config.VocabularySize))];
    }

    internal static double Largest(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"value {i} is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        }

        return worst;
    }

    internal static void AssertClose(float[] expected, float[] actual, double tolerance)
    {
        double worst = Largest(expected, actual);
        Assert.True(worst <= tolerance, $"largest difference {worst:E2}, allowed {tolerance:E2}");
    }

    private static float[] HalfLogits(CausalLanguageModel model, int[] ids) => [.. TinyModels.Logits(model, LongContext.Packing.PackedBatch.CreatePrompt(ids)).Select(value => (float)value)];
}
