using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Generation.Scheduling;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Models;
using LongContext.Tests.Training;
using TorchSharp;

namespace LongContext.Tests.Generation.Scheduling;

[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class DraftModelTests
{
    private static GenerationEngineOptions Options { get; } = new() { CacheTokens = 4_000, StepTokens = 32, MaximumSequences = 4, Threads = 2 };

    public static MatrixTheoryData<string, string, bool> Cases() => new(
        ["llama-default", "gemma2", "gemma3", "qwen2", "mistral-window", "phi3-longrope", "llama-dynamic4", "smollm3"], ["llama-tied-headdim", "itself"], [false, true]);

    [Theory, MemberData(nameof(Cases))]
    public async Task GenerateAsync_GreedyWithADraft_GivesTheTokensWithoutIt(string name, string other, bool torchRunner)
    {
        using CausalLanguageModel model = FixtureModels.Load(name), draft = FixtureModels.Load(other == "itself" ? name : other);
        await using GenerationEngine plain = Engine(model, null, torchRunner), engine = Engine(model, draft, torchRunner);
        Task<GenerationResult>[] with = new Task<GenerationResult>[5], without = new Task<GenerationResult>[5];
        for (int i = 0; i < with.Length; i++)
        {
            int[] prompt = [.. Enumerable.Range(0, 10 + (13 * i)).Select(t => ((t * 7) + (i * 31)) % 97)];
            var options = new GenerationOptions { MaximumNewTokens = 50, StopTokenIds = [], Speculation = new SpeculationOptions { UsesPromptLookup = i % 2 == 0 } };
            with[i] = engine.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = options }, TestContext.Current.CancellationToken);
            without[i] = plain.GenerateAsync(new GenerationRequest { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = 50, StopTokenIds = [] } }, TestContext.Current.CancellationToken);
        }

        for (int i = 0; i < with.Length; i++) Assert.Equal((await without[i]).Tokens, (await with[i]).Tokens);
        GenerationEngineStatistics statistics = await EngineMixTests.QuietAsync(engine);
        TestContext.Current.SendDiagnosticMessage($"{name}, {other}, torch {torchRunner}: {statistics.AcceptedDraftTokens} of {statistics.DraftedTokens}");
        Assert.Equal(0, statistics.UsedCacheBytes);
        Assert.True(statistics.DraftedTokens > 0);
        // The model is its own best draft, but for frequencies that follow the length.
        if (other == "itself") Assert.True(statistics.AcceptedDraftTokens > 0.6 * statistics.DraftedTokens, $"{statistics.AcceptedDraftTokens} of {statistics.DraftedTokens}");
        await engine.ClearCacheAsync();
        Assert.Equal(0, engine.Statistics.CommittedCacheBytes);
    }

    [Fact]
    public void Constructor_DraftOfAnotherVocabulary_SaysBothSizes()
    {
        using CausalLanguageModel model = FixtureModels.Load("llama-default"), draft = TinyModels.Create(dataType: torch.ScalarType.Float32);
        var logger = new ListLogger();
        string message = Assert.Throws<ArgumentException>(() => new GenerationEngine(model, Options with { DraftModel = draft, Logger = logger })).Message;
        Assert.Throws<ArgumentException>(() => GenerationMemoryPlan.For(model, Options with { DraftModel = draft, Logger = logger }));
        // Nothing was made for the model that would have to be given back.
        Assert.Empty(logger.All);
        Assert.Contains($"{draft.Config.VocabularySize} tokens", message, StringComparison.Ordinal);
        Assert.Contains($"{model.Config.VocabularySize}", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Constructor_DraftModel_TakesItsPartOfTheMemory()
    {
        using CausalLanguageModel model = FixtureModels.Load("llama-default"), draft = FixtureModels.Load("llama-tied-headdim");
        using var engine = new GenerationEngine(model, Options with { CacheTokens = null, CacheBytes = 10_000_000, DraftModel = draft });
        using var plain = new GenerationEngine(model, Options with { CacheTokens = null, CacheBytes = 10_000_000 });
        Assert.Equal(10_000_000, engine.Statistics.CacheBytes);
        Assert.True(engine.MaximumSequenceTokens < plain.MaximumSequenceTokens);
    }

    /// <summary>What the draft's steps take is what it would take by itself, but that nothing is checked with it; and no less than it has put aside.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MemoryPlan_WithADraftModel_HasTheStepsOfBoth(bool torchRunner)
    {
        using CausalLanguageModel model = FixtureModels.Load("llama-default"), draft = FixtureModels.Load("llama-tied-headdim");
        GenerationEngineOptions options = Options with { CacheTokens = null, CacheBytes = 1_000_000, DraftModel = draft };
        var running = new RunnerOptions { MaximumTokens = options.StepTokens };
        IModelRunner small = torchRunner ? new TorchModelRunner(draft, running) : new CpuModelRunner(draft, running);
        await using var engine = new GenerationEngine(
            new EngineModel(model), torchRunner ? new TorchModelRunner(model, running) : new CpuModelRunner(model, running), options, null, whole: model, draft: (new EngineModel(draft), small));
        GenerationMemoryPlan plan = engine.MemoryPlan;
        var alone = new StepMemory(draft.Shape, draft.DataType, !torchRunner, options);
        Assert.Equal(Bytes(alone.Items(model.Config.MaxPositionEmbeddings), "hidden states of a step"), Bytes(plan.Items, "hidden states of a step of the draft model"));
        Assert.Equal(options.MaximumSequences * draft.Config.VocabularySize * sizeof(float) * (torchRunner ? 2 : 1), Bytes(plan.Items, "scores of the draft model"));
        Assert.Equal(!torchRunner, plan.Items.Any(item => item.Name == "rotations by position of the draft model"));
        if (torchRunner) Assert.Equal((long)(plan.DraftCacheBytes * (2.0 / draft.Shape.LayerCount)), Bytes(plan.Items, "keys and values of a layer of the draft model, gathered"));
        GenerationMemoryPlan asked = GenerationMemoryPlan.For(model, options);
        if (!torchRunner) Assert.Equal(asked.Items.Select(item => item.Name), plan.Items.Select(item => item.Name));

        Task<GenerationResult>[] requests = [.. Enumerable.Range(0, options.MaximumSequences).Select(i => engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = Enumerable.Range(0, 40 + i).Select(t => t * 7 % 97).ToArray(),
                Options = new GenerationOptions { MaximumNewTokens = 30, StopTokenIds = [], Speculation = new SpeculationOptions { UsesPromptLookup = false } },
            }, TestContext.Current.CancellationToken))];
        await Task.WhenAll(requests);
        Assert.True(engine.Statistics.DraftedTokens > 0);
        if (small is not CpuModelRunner kernels) return;
        // Scores have a quarter more room than they need.
        long planned = Bytes(plan.Items, "hidden states of a step of the draft model") + Bytes(plan.Items, "scores of the draft model");
        Assert.InRange(kernels.StepBytes, planned / 2, planned * 5 / 4);
    }

    private static long Bytes(IEnumerable<GenerationMemoryItem> items, string name) => items.Single(item => item.Name == name).Bytes;

    private static GenerationEngine Engine(CausalLanguageModel model, CausalLanguageModel? draft, bool torchRunner)
    {
        if (!torchRunner) return new GenerationEngine(model, Options with { DraftModel = draft });
        var options = new RunnerOptions { MaximumTokens = 32 };
        return new GenerationEngine(
            new EngineModel(model), new TorchModelRunner(model, options), Options, null, draft: draft is null ? null : (new EngineModel(draft), new TorchModelRunner(draft, options)));
    }
}
