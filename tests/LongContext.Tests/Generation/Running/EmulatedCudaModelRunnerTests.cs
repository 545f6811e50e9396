using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Cpu.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Sampling;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>The GPU's runner over the CPU's memory, its kernels' PTX emulated: what it gives is what the modules give, to the rounding of the type.</summary>
public sealed partial class EmulatedCudaModelRunnerTests : IDisposable
{
    private const string Sizes = """
        "vocab_size": 80, "hidden_size": 128, "intermediate_size": 128, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 64, "initializer_range": 0.15,
        "rms_norm_eps": 1e-6, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "tie_word_embeddings": false,
        """;

    private const string Positions = """, "max_position_embeddings": 256, "rope_parameters": { "rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5 } """;

    private const string Gemma3 = """
        "model_type": "gemma3_text", "num_hidden_layers": 3, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 20, "sliding_window_pattern": 3, "query_pre_attn_scalar": 64,
        "max_position_embeddings": 256,
        "rope_parameters": { "full_attention": { "rope_theta": 1000000.0, "rope_type": "default" }, "sliding_attention": { "rope_theta": 10000.0, "rope_type": "default" } }
        """;

    private static readonly RunnerOptions Options = new() { PageTokens = 16, MaximumTokens = 64 };

    private readonly EmulatedDriver driver = new(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, CountMemory = false, Multiprocessors = 4, Capability = 80 });
    private readonly CudaContext context;

    public EmulatedCudaModelRunnerTests() => context = new CudaContext(driver, 0);

    public static TheoryData<string, ScalarType> Families => new()
    {
        { "llama", ScalarType.BFloat16 },
        { "llama", ScalarType.Float16 },
        { "llama-dynamic", ScalarType.BFloat16 },
        { "qwen2", ScalarType.BFloat16 },
        { "qwen3", ScalarType.BFloat16 },
        { "mistral", ScalarType.BFloat16 },
        { "gemma2", ScalarType.BFloat16 },
        { "gemma3", ScalarType.BFloat16 },
        { "phi3", ScalarType.BFloat16 },
        { "phi3-longrope", ScalarType.BFloat16 },
        { "phi3-shortrope", ScalarType.BFloat16 },
        { "olmo2", ScalarType.BFloat16 },
    };

    [Theory, MemberData(nameof(Families))]
    public void Steps_OfPromptsAndTokens_GiveTheModulesLogits(string family, ScalarType dataType)
    {
        using CausalLanguageModel model = Model(family, dataType);
        int[] tokens = ModelRunnerSuite.Strangers(model, 60, 3);
        using var expected = new StepDriver(new TorchModelRunner(model, Options), 3);
        CudaModelRunner runner = Create(model);
        using var actual = new StepDriver(runner, 5);
        DrivenSequence own = expected.Start(tokens), tested = actual.Start(tokens), stranger = actual.Start(ModelRunnerSuite.Strangers(model, 33, 9));

        // A chunk of a prompt by the modules, then tokens: alone, beside a stranger, several at a time.
        float[][] wanted = [.. expected.Step((own, 40, 2))[0], .. expected.Step((own, 20, 20))[0]];
        var found = new List<float[]>(actual.Step((tested, 40, 2))[0]);
        Assert.Equal(0, runner.Steps.Kernels);
        actual.Step((stranger, 17, 0));
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((stranger, 1, 1), (tested, 1, 1))[1]);
        found.AddRange(actual.Step((tested, 1, 1), (stranger, 1, 0))[0]);
        found.AddRange(actual.Step((tested, 1, 1), (stranger, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 1, 1))[0]);
        found.AddRange(actual.Step((tested, 3, 3), (stranger, 2, 1))[0]);
        found.AddRange(actual.Step((stranger, 5, 1), (tested, 11, 11))[1]);
        Assert.Equal(8, runner.Steps.Kernels);
        Assert.True(runner.Steps.Graphs >= 2, $"{runner.Steps.Graphs} graphs were launched");
        Assert.Equal(wanted.Length, found.Count);
        double largest = wanted.Max(row => row.Max(MathF.Abs)), worst = wanted.Zip(found).Max(pair => ModelRunnerSuite.Largest(pair.First, pair.Second));
        TestContext.Current.SendDiagnosticMessage($"{family} {dataType}: {worst / largest:E2}");
        // Two ways of rounding apart: the worst that was measured is 2.0 % in bfloat16, 0.4 % in float16.
        Assert.True(worst <= (dataType == ScalarType.BFloat16 ? 0.03 : 0.008) * largest, $"{family}: off by {worst / largest:E2} of the largest logit");
        actual.Release(tested);
        actual.Release(stranger);
        Assert.Equal(0, runner.Pages.CommittedBytes);
    }

    [Theory]
    [InlineData("llama", nameof(CacheFormat.Int8), nameof(ScalarType.BFloat16))]
    [InlineData("gemma3", nameof(CacheFormat.Int8), nameof(ScalarType.Float16))]
    [InlineData("qwen3", nameof(CacheFormat.Float8), nameof(ScalarType.Float16))]
    [InlineData("mistral", nameof(CacheFormat.Float8), nameof(ScalarType.BFloat16))]
    public void Steps_OverACacheOfCodes_GiveTheModulesLogits(string family, string format, string type)
    {
        var dataType = Enum.Parse<ScalarType>(type);
        RunnerOptions options = Options with { CacheFormat = Enum.Parse<CacheFormat>(format) };
        using CausalLanguageModel model = Model(family, dataType);
        int[] tokens = ModelRunnerSuite.Strangers(model, 60, 3);
        CudaModelRunner runner = new(model, options, context, addressBytes: 8 << 20, chunkBytes: 1);
        using StepDriver expected = new(new TorchModelRunner(model, options), 3), actual = new(runner, 5);
        DrivenSequence own = expected.Start(tokens), tested = actual.Start(tokens);
        Assert.Equal(expected.Step((own, 40, 2))[0], actual.Step((tested, 40, 2))[0]); // modules over both stores: the same codes
        var (wanted, found) = (new List<float[]>(), new List<float[]>());
        foreach (int count in new[] { 1, 1, 1, 3, 11 })
        {
            wanted.AddRange(expected.Step((own, count, count))[0]);
            found.AddRange(actual.Step((tested, count, count))[0]);
        }

        Assert.Equal(5, runner.Steps.Kernels);
        double largest = wanted.Max(row => row.Max(MathF.Abs)), worst = wanted.Zip(found).Max(pair => ModelRunnerSuite.Largest(pair.First, pair.Second));
        TestContext.Current.SendDiagnosticMessage($"{family} {format} {dataType}: {worst / largest:E2}");
        // A last bit of the type may turn a code: the worst that was measured is 3.9 % in bfloat16, 0.2 % in float16.
        Assert.True(worst <= (dataType == ScalarType.BFloat16 ? 0.06 : 0.01) * largest, $"{family}: off by {worst / largest:E2} of the largest logit");
        Assert.Equal(runner.Pages.Groups[0].PageBytes, expected.Runner.Pages.Groups[0].PageBytes + (runner.Pages.Groups[0].LayerCount * 2 * 16 * 12)); // a head of 64: 68 bytes, rounded up
        actual.Release(tested);
        Assert.Equal(0, runner.Pages.CommittedBytes);
    }

    [Theory]
    [InlineData(WeightQuantization.EightBit, "llama")]
    [InlineData(WeightQuantization.Float8, "llama")]
    [InlineData(WeightQuantization.FourBit, "llama")]
    [InlineData(WeightQuantization.Nf4, "llama")]
    [InlineData(WeightQuantization.Nf4DoubleQuantized, "llama")]
    [InlineData(WeightQuantization.EightBit, "phi3")]
    [InlineData(WeightQuantization.FourBit, "phi3")]
    [InlineData(WeightQuantization.Nf4, "phi3")]
    public void Steps_OverQuantisedWeights_GiveTheModulesLogits(WeightQuantization quantization, string family)
    {
        using CausalLanguageModel model = Model(family, ScalarType.Float16, quantization);
        int[] tokens = ModelRunnerSuite.Strangers(model, 30, 3);
        using var expected = new StepDriver(new TorchModelRunner(model, Options), 3);
        CudaModelRunner runner = Create(model);
        using var actual = new StepDriver(runner, 5);
        DrivenSequence own = expected.Start(tokens), tested = actual.Start(tokens);
        expected.Step((own, 25, 0));
        actual.Step((tested, 25, 0));
        float[][] wanted = expected.Step((own, 5, 5))[0], found = [.. actual.Step((tested, 2, 2))[0], .. actual.Step((tested, 3, 3))[0]];
        Assert.Equal(2, runner.Steps.Kernels);
        double largest = wanted.Max(row => row.Max(MathF.Abs)), worst = wanted.Zip(found).Max(pair => ModelRunnerSuite.Largest(pair.First, pair.Second));
        TestContext.Current.SendDiagnosticMessage($"{quantization} {family}: {worst / largest:E2}");
        // Modules round the weights to the model's type first, kernels do not.
        Assert.True(worst <= 0.01 * largest, $"{quantization}: off by {worst / largest:E2} of the largest logit");
    }

    [Theory]
    [InlineData("llama", true, null)]
    [InlineData("llama", false, null)]
    [InlineData("gemma3", true, null)]
    [InlineData("gemma3", false, null)]
    [InlineData("llama", true, nameof(CacheFormat.Int8))]
    [InlineData("gemma3", true, nameof(CacheFormat.Float8))]
    [InlineData("llama", false, nameof(CacheFormat.Float8))]
    public void Steps_ThatDropTokens_GiveWhatTheOtherCacheGives(string family, bool selects, string? format)
    {
        using CausalLanguageModel model = Model(family, ScalarType.Float16);
        RunnerOptions Options = EmulatedCudaModelRunnerTests.Options with { CacheFormat = format is null ? null : Enum.Parse<CacheFormat>(format) };
        const int prompt = 50;
        int[] tokens = ModelRunnerSuite.Strangers(model, 60, 3);
        CudaModelRunner runner = new(model, Options, context, addressBytes: 8 << 20, chunkBytes: 1);
        using var expected = new StepDriver(new TorchModelRunner(model, Options), 3);
        using var actual = new StepDriver(runner, 5);
        DrivenSequence own = Start(expected), tested = Start(actual), stranger = actual.Start(ModelRunnerSuite.Strangers(model, 30, 9));
        foreach (int count in new[] { 46, 4, 1, 6, 1 })
        {
            Assert.Equal(expected.Step((own, count, 1))[0][0], actual.Step((tested, count, 1))[0][0]);
            actual.Step((stranger, 3, 1));
        }

        Assert.Equal(5, runner.Steps.Kernels); // the stranger's
        actual.Release(tested);
        actual.Release(stranger);
        Assert.Equal(0, runner.Pages.CommittedBytes);

        DrivenSequence Start(StepDriver driver) => selects
            ? driver.Start(tokens, null, null, new PromptChoice(new PromptSelection { MaximumTokens = 21, ObservedTokens = 4, PoolSize = 3 }, prompt))
            : driver.Start(tokens, null, new AttentionSinks { Sinks = 3, Window = 19 });
    }

    [Fact]
    public void Modules_OfAStep_AreThoseThatItLoads()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.Float16);
        Assert.All<CacheFormat?>([null, CacheFormat.Int8, CacheFormat.Float8], format => Assert.Null(context.WhyNotLoadable(CudaModelRunner.Modules(model, Options with { CacheFormat = format }))));
    }

    [Theory]
    [InlineData(WeightQuantization.None, "plain")]
    [InlineData(WeightQuantization.EightBit, "int8")]
    [InlineData(WeightQuantization.Float8, "float8")]
    [InlineData(WeightQuantization.FourBit, "int4")]
    [InlineData(WeightQuantization.Nf4DoubleQuantized, "nf4")]
    public void Modules_OfAnyWeights_HoldTheProductsThatTheyNeed(WeightQuantization quantization, string format)
    {
        using CausalLanguageModel model = Model("llama", ScalarType.Float16, quantization);
        string[] modules = CudaModelRunner.Modules(model, Options);
        Assert.Equal(quantization == WeightQuantization.None ? ["plain"] : [format, "plain"], // the head stays in the model's type
            modules.Where(name => name.Contains("linear_", StringComparison.Ordinal)).Select(name => name.Split('_')[2]).Order(StringComparer.Ordinal));
        using var refusing = new EmulatedDriver(driver.Options with { Refuses = name => name.Contains($"linear_{format}_", StringComparison.Ordinal) });
        using var other = new CudaContext(refusing, 0);
        Assert.Contains($"linear_{format}_f16", other.WhyNotLoadable(modules), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Engine_OverTheRunner_GivesTheModulesTokens()
    {
        using CausalLanguageModel model = Model("mistral", ScalarType.Float16);
        var options = new GenerationEngineOptions { StepTokens = 64, MaximumSequences = 3, AllowsBeyondContext = true };
        GenerationRequest[] requests =
        [
            .. new[] { 20, 37, 50, 20 }.Select(length => new GenerationRequest
            {
                Prompt = ModelRunnerSuite.Strangers(model, length, 4), Options = new GenerationOptions { MaximumNewTokens = 9, StopTokenIds = [] },
            }),
        ];
        CudaModelRunner runner = Create(model);
        int[][] expected, actual;
        await using (var engine = new GenerationEngine(new EngineModel(model), new TorchModelRunner(model, Options), options, 8 << 20))
            expected = await All(engine);
        await using (var engine = new GenerationEngine(new EngineModel(model), runner, options, 8 << 20))
            actual = await All(engine);
        Assert.Equal(expected, actual);
        Assert.True(runner.Steps.Graphs > 0);
        Assert.Equal(0, driver.MappedBytes);

        async Task<int[][]> All(GenerationEngine engine)
        {
            GenerationResult[] results = await Task.WhenAll(requests.Select(request => engine.GenerateAsync(request, TestContext.Current.CancellationToken)));
            return [.. results.Select(result => result.Tokens.ToArray())];
        }
    }

    [Fact]
    public void Steps_RemappedOrOfAnAdapter_GoByTheModules()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        int[] tokens = ModelRunnerSuite.Strangers(model, 40, 3);
        using var expected = new StepDriver(new TorchModelRunner(model, Options), 3);
        CudaModelRunner runner = Create(model);
        using var actual = new StepDriver(runner, 5);
        var remapping = new SelfExtend(4, 8);
        foreach (int chunk in new[] { 30, 1 })
            Assert.Equal(expected.All(tokens, chunk, remapping), actual.All(tokens, chunk, remapping));
        Assert.Equal(0, runner.Steps.Kernels);

        // Weights that are read again: with an adapter the modules run, without it the kernels, as before.
        DrivenSequence own = actual.Start(tokens);
        actual.Step((own, 36, 0));
        float[] before = actual.Step((own, 1, 1))[0][0];
        model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        actual.Step((own, 1, 1));
        Assert.Equal(1, runner.Steps.Kernels);
        model.RemoveAdapter();
        own.Cached = 36;
        Assert.Equal(before, actual.Step((own, 1, 1))[0][0]);
        Assert.Equal(2, runner.Steps.Kernels);
    }

    [Fact]
    public void Run_GraphsThatCannotBeMade_GoesOnByKernelsAndSaysSoOnce()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        float[][] Logits(CudaModelRunner runner)
        {
            using var steps = new StepDriver(runner, 5);
            DrivenSequence sequence = steps.Start(ModelRunnerSuite.Strangers(model, 40, 1));
            steps.Step((sequence, 33, 0));
            return [.. Enumerable.Range(0, 5).Select(_ => steps.Step((sequence, 1, 1))[0][0])];
        }

        float[][] expected = Logits(Create(model));
        driver.RefusesGraphs = true;
        CudaModelRunner runner = Create(model);
        List<string> said = [];
        runner.GraphFailed = said.Add;
        Assert.Equal(expected, Logits(runner));
        Assert.Equal((runner.GraphFault, 0L), (Assert.Single(said), runner.Steps.Graphs));
    }

    [Fact]
    public void Run_InSteadyState_AllocatesNothing()
    {
        using CausalLanguageModel model = Model("gemma3", ScalarType.BFloat16);
        CudaModelRunner runner = Create(model);
        using var steps = new StepDriver(runner, 5);
        DrivenSequence first = steps.Start(ModelRunnerSuite.Strangers(model, 100, 1)), second = steps.Start(ModelRunnerSuite.Strangers(model, 100, 2));
        steps.Step((first, 64, 0));
        steps.Step((second, 33, 0));
        for (int i = 0; i < 2; i++) steps.Step((first, 1, 1), (second, 1, 1));
        driver.RunsGraphs = false;
        var batch = new StepBatch(64, 2);
        (long least, int scores, int found) = (long.MaxValue, 0, 0);
        for (int round = 0; round < 5; round++)
        {
            long start = GC.GetAllocatedBytesForCurrentThread();
            for (int token = 0; token < 4; token++)
            {
                batch.Clear();
                batch.Add(new StepSequence { CachedTokens = 66 + token, LogitCount = 1, Pages = first.Pages }, [5]);
                batch.Add(new StepSequence { CachedTokens = 35 + token, LogitCount = 1, Pages = second.Pages, Need = new RowNeed(token, 1) }, [6]);
                runner.Run(batch, CancellationToken.None);
                if (runner.TryCandidates(1, out TokenCandidates candidates)) found += candidates.Tokens.Length;
                scores += runner.Logits(1).Length;
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - start);
        }

        Assert.Equal((0, 20 * 80, 5 * (1 + 2 + 3)), (least, scores, found));
        Assert.True(runner.Steps.Graphs >= 20);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(nameof(CacheFormat.Int8))]
    public void Pages_SavedLoadedAndCopied_HoldWhatTheyHeld(string? format)
    {
        using CausalLanguageModel model = Model("gemma2", ScalarType.BFloat16);
        RunnerOptions options = Options with { CacheFormat = format is null ? null : Enum.Parse<CacheFormat>(format) };
        using var steps = new StepDriver(new CudaModelRunner(model, options, context, addressBytes: 8 << 20, chunkBytes: 1), 3);
        IPageStore pages = steps.Runner.Pages;
        DrivenSequence sequence = steps.Start(ModelRunnerSuite.Strangers(model, 42, 6));
        steps.Step((sequence, 41, 0));
        sequence.Cached = 40;
        float[] expected = steps.Step((sequence, 2, 1))[0][0];
        ModelRunnerSuite.MoveToOtherPages(pages, sequence);
        sequence.Cached = 40;
        Assert.Equal(expected, steps.Step((sequence, 2, 1))[0][0]);
    }

    [Fact]
    public void Pages_BeyondTheMemory_AreRefusedAndChangeNothing()
    {
        using CausalLanguageModel model = Model("llama", ScalarType.BFloat16);
        using CudaModelRunner runner = new(model, Options, context, addressBytes: 1 << 20, chunkBytes: 24_000);
        IPageStore pages = runner.Pages;
        Assert.False(pages.InHostMemory);
        Assert.Equal(2 * 2 * 16 * 64 * 2, pages.Groups[0].PageBytes); // layers, keys and values, tokens, one head, bytes
        driver.MappableBytes = 24_576; // one chunk of three pages
        for (int page = 0; page < 3; page++) pages.Commit(0, page);
        Assert.Equal((24_576, 24_576), (pages.CommittedBytes, driver.MappedBytes));
        Assert.Contains("no memory for 24,576 bytes more", Assert.Throws<InsufficientMemoryException>(() => pages.Commit(0, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<InsufficientMemoryException>(() => pages.Commit(0, 1 << 20));
        Assert.Equal(24_576, pages.CommittedBytes);
        Assert.Contains("Page 1", Assert.Throws<InvalidOperationException>(() => pages.Commit(0, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("Page 3", Assert.Throws<InvalidOperationException>(() => pages.Decommit(0, 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => pages.Load(0, 1, new byte[3]));
        for (int page = 0; page < 3; page++) pages.Decommit(0, page);
        Assert.Equal((0, 0), (pages.CommittedBytes, driver.MappedBytes));
        pages.Commit(0, 3);
    }

    [Fact]
    public void Constructor_OfAModelThatKernelsDoNotRun_SaysWhy()
    {
        using CausalLanguageModel wide = Model("llama", ScalarType.Float32), tiny = TinyModels.Create(dataType: ScalarType.BFloat16), half = Model("llama", ScalarType.BFloat16);
        Assert.Contains("the type is Float32", Assert.Throws<NotSupportedException>(() => Create(wide)).Message, StringComparison.Ordinal);
        Assert.Contains("heads of 8", Assert.Throws<NotSupportedException>(() => Create(tiny)).Message, StringComparison.Ordinal);
        Assert.Contains(
            "cache is to be in Float32",
            Assert.Throws<NotSupportedException>(() => new CudaModelRunner(half, Options with { CacheFormat = CacheFormat.Float32 }, context, 1 << 20)).Message,
            StringComparison.Ordinal);
        Assert.Contains("the model lies on cpu", CudaModelRunner.WhyNot(half, Options), StringComparison.OrdinalIgnoreCase);
    }

    public void Dispose()
    {
        context.Dispose();
        driver.Dispose();
    }

    private CudaModelRunner Create(CausalLanguageModel model) => new(model, Options, context, addressBytes: 8 << 20, chunkBytes: 1);

    /// <summary>Beyond the original window long factors hold, within it short ones.</summary>
    private static string LongRope(int window) => $$"""
        "model_type": "phi3", "num_hidden_layers": 2, "max_position_embeddings": 256, "original_max_position_embeddings": {{window}},
        "rope_parameters": { "rope_type": "longrope", "rope_theta": 10000.0, "partial_rotary_factor": 0.5, "original_max_position_embeddings": {{window}},
            "short_factor": [{{string.Join(", ", Enumerable.Range(0, 16).Select(i => $"{1 + (i / 50.0):F2}"))}}], "long_factor": [{{string.Join(", ", Enumerable.Range(0, 16).Select(i => $"{1.5 + (i / 4.0):F2}"))}}] }
        """;

    private static CausalLanguageModel Model(string family, ScalarType dataType, WeightQuantization quantization = WeightQuantization.None) =>
        CausalLanguageModel.Create(ModelConfig.Parse("{" + Sizes + family switch
        {
            "llama" => """ "model_type": "llama", "num_hidden_layers": 2 """,
            "llama-dynamic" => """ "model_type": "llama", "num_hidden_layers": 2, "max_position_embeddings": 32, "rope_parameters": { "rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0 } """,
            "qwen2" => """ "model_type": "qwen2", "num_hidden_layers": 2 """,
            "qwen3" => """ "model_type": "qwen3", "num_hidden_layers": 2 """,
            "mistral" => """ "model_type": "mistral", "num_hidden_layers": 2, "sliding_window": 20 """,
            "gemma2" => """ "model_type": "gemma2", "num_hidden_layers": 2, "hidden_activation": "gelu_pytorch_tanh", "sliding_window": 20, "query_pre_attn_scalar": 64 """,
            "gemma3" => Gemma3,
            "phi3" => """ "model_type": "phi3", "num_hidden_layers": 2 """,
            "phi3-longrope" => LongRope(window: 32),
            "phi3-shortrope" => LongRope(window: 128),
            _ => """ "model_type": "olmo2", "num_hidden_layers": 2 """,
        } + (family is "llama-dynamic" or "gemma3" or "phi3-longrope" or "phi3-shortrope" ? "" : Positions) + "}", "config.json"), 5, new ModelLoadOptions { DataType = dataType, WeightQuantization = quantization });
}
