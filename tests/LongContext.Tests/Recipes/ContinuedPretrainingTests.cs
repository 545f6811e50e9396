using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.TestSupport;
using LongContext.Training.Optimizers;

namespace LongContext.Tests.Recipes;

public sealed class ContinuedPretrainingTests
{
    private const int Window = TinyModels.TrainedWindow, Context = 4 * Window;

    [Fact]
    public void Sequences_LongAndShortTexts_AllBeginAsTheTokenizerBeginsAndEndWithItsEnd()
    {
        string[] texts = RecipeData.Texts(10, 70, 0, 31);
        IReadOnlyList<TokenSequence> documents = ContinuedPretraining.Sequences(texts, RecipeData.Tokenizer, Window);
        Assert.All(documents, document => Assert.Equal(1, document.Tokens.Span[0]));
        Assert.All(documents, document => Assert.True(document.LossMask.IsEmpty && document.Length <= Window));
        // 10 + <s> + </s>; 71 in pieces of 31 behind a <s>; nothing of the empty text; 32 as 31 and the </s> alone.
        Assert.Equal([12, 32, 32, 10, 32, 2], documents.Select(document => document.Length));
        int[] words = [.. documents.SelectMany(document => document.Tokens.ToArray()).Where(token => token > 2)];
        Assert.Equal(texts.SelectMany(text => RecipeData.Tokenizer.Encode(text, addSpecialTokens: false)), words);
    }

    [Fact]
    public void Sequences_Joined_FillWholeContextsWithTextsOneAfterTheOther()
    {
        string[] texts = RecipeData.Texts(10, 20, 50);
        IReadOnlyList<TokenSequence> documents = ContinuedPretraining.Sequences(texts, RecipeData.Tokenizer, Window, joins: true);
        Assert.Equal([32, 32, 22], documents.Select(document => document.Length));
        Assert.All(documents, document => Assert.Equal(1, document.Tokens.Span[0]));
        int[] tokens = [.. documents.SelectMany(document => document.Tokens[1..].ToArray())];
        Assert.Equal(texts.SelectMany(text => RecipeData.Tokenizer.Encode(text, addSpecialTokens: false).Append(2)), tokens);
    }

    [Fact]
    public async Task Run_PartThatDoesNotFitTheModel_LeavesItAsItWas()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions { ContextLength = Context, Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer) });
        ModelConfig before = model.Config;

        TrainingRecipe target = recipe with { Adapter = new LoraOptions { TargetModules = ["w_q"] } };
        Assert.Contains("w_q", (await Assert.ThrowsAsync<ArgumentException>(() => target.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        Assert.Same(before, model.Config);

        TrainingRecipe group = recipe with { Adapter = new LoraOptions(), Trainer = recipe.Trainer with { ParameterGroups = [new ParameterGroup { Pattern = "no such weight" }] } };
        Assert.Contains("no such weight", (await Assert.ThrowsAsync<ArgumentException>(() => group.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        Assert.Null(model.Adapter);
        RecipeReport report = await (recipe with { Adapter = new LoraOptions() }).RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.NotEmpty(report.Losses);
    }

    /// <summary>What would refuse the result when all is trained refuses the recipe.</summary>
    [Fact]
    public async Task Run_OutputFolderOfAModelWithOtherPositions_IsRefusedBeforeTheModelChanges()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions
        {
            ContextLength = Context,
            Adapter = new LoraOptions { Rank = 2 },
            Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer),
            OutputFolder = folder["base"],
        });
        ModelConfig before = model.Config;
        bool stepped = false;
        var listener = new Training.TrainingRun.Listener(_ => stepped = true);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => recipe.RunAsync(model, listener, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("other positions", refused.Message, StringComparison.Ordinal);
        Assert.False(stepped);
        Assert.Same(before, model.Config);
        Assert.Null(model.Adapter);

        // Merged, it is a whole model, with its own config.json.
        RecipeReport report = await (recipe with { MergesAdapter = true }).RunAsync(model, listener, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(Context, ModelConfig.Load(report.SavedTo!).MaxPositionEmbeddings);
    }

    [Fact]
    public async Task Run_AllWeights_ExtendsPositionsTrainsMeasuresAndSaves()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions
        {
            ContextLength = Context,
            HeldOutTokens = TinyModels.Tokens(3 * Context, 9),
            Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer),
            OutputFolder = folder["out"],
        });
        RecipeReport report = await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);

        ModelConfig saved = ModelConfig.Load(folder["out"]);
        Assert.Equal((RopeScaling.Linear(4), Context), (saved.RopeScaling, saved.MaxPositionEmbeddings));
        Assert.Equal(4, report.Losses.Count);
        Assert.Equal(["perplexity_by_length", "loss_by_position"], report.Before.Select(outcome => outcome.Name));
        Assert.Equal(["perplexity@16", "perplexity@32", "perplexity@64", "perplexity@128"], report.After[0].Result.Values.Select(value => value.Key));
        Assert.NotEqual(report.Before[1].Result.Primary, report.After[1].Result.Primary);
        Assert.Equal((folder["out"], false, null), (report.SavedTo, report.SavedAdapter, report.ResumedFrom));
        Assert.InRange(report.Packing.FillRate, 0.5, 1);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder["out"]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        Assert.Equal(TinyModels.Vocabulary, Tokenization.HuggingFaceTokenizer.Load(folder["out"]).VocabularySize);
    }

    [Fact]
    public async Task Run_LongLoraAdapter_SavesAnAdapterThatGivesTheSameModel()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions
        {
            ContextLength = Context,
            Adapter = ContinuedPretraining.LongLoraAdapter,
            Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer),
            OutputFolder = folder["adapter"],
        });
        RecipeReport report = await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(report.SavedAdapter);

        // Loaded as one would: the base, the positions that the adapter was trained for, the adapter.
        ModelConfig positions = ModelConfig.Load(folder["adapter"]);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder["base"], new ModelLoadOptions { RopeScaling = positions.RopeScaling, ContextLength = positions.MaxPositionEmbeddings });
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(Context, 3)]);
        double[] untuned = TinyModels.Logits(again, pack), tuned = TinyModels.Logits(model, pack);
        LoraAdapter adapter = LoraAdapter.Load(folder["adapter"], again);
        Assert.Equal(tuned, TinyModels.Logits(again, pack));
        Assert.NotEqual(untuned, tuned);
        Assert.Equal(["embed_tokens", "norm"], adapter.Options.ModulesToSave);
        Assert.Contains(adapter.Tensors.Keys, name => name.Contains("input_layernorm", StringComparison.Ordinal));
        Assert.DoesNotContain(adapter.TargetedModules, name => name.Contains("mlp", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_MergedAdapter_SavesAWholeModel()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions
        {
            ContextLength = Context,
            Adapter = ContinuedPretraining.LongLoraAdapter,
            MergesAdapter = true,
            Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer),
            OutputFolder = folder["out"],
        });
        RecipeReport report = await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(report.SavedAdapter);
        Assert.Null(model.Adapter);
        using CausalLanguageModel loaded = CausalLanguageModel.Load(folder["out"]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(loaded));
        Assert.Equal((RopeScaling.Linear(4), Context), (loaded.Config.RopeScaling, loaded.ContextLength));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_StoppedAndStartedAgain_IsTheUnbrokenRun(bool adapter)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (RecipeReport whole, Dictionary<string, byte[]> expected) = await Run("whole", stopAfter: null);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Run("broken", stopAfter: 3));
        (RecipeReport rest, Dictionary<string, byte[]> actual) = await Run("broken", stopAfter: null);

        TinyModels.AssertSameBytes(expected, actual);
        Assert.NotNull(rest.ResumedFrom);
        Assert.Equal(whole.Losses.TakeLast(rest.Losses.Count), rest.Losses);
        Assert.Equal(8, rest.Training.Steps);
        Assert.InRange(rest.Losses.Count, 1, 5);
        AssertSame(whole.Before, rest.Before);
        AssertSame(whole.After, rest.After);

        // Once more: nothing is left to do, and the report is there all the same.
        (RecipeReport done, actual) = await Run("broken", stopAfter: null);
        TinyModels.AssertSameBytes(expected, actual);
        Assert.Empty(done.Losses);
        AssertSame(whole.Before, done.Before);
        AssertSame(whole.After, done.After);

        async Task<(RecipeReport, Dictionary<string, byte[]>)> Run(string name, int? stopAfter)
        {
            using var stop = new CancellationTokenSource();
            using CausalLanguageModel model = RecipeData.Load(folder["base"]);
            TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions
            {
                ContextLength = Context,
                Adapter = adapter ? ContinuedPretraining.LongLoraAdapter : null,
                MergesAdapter = adapter,
                HeldOutTokens = TinyModels.Tokens(2 * Context, 9),
                Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer) with { Steps = 8, CheckpointFolder = folder[name], CheckpointEverySteps = 2 },
            });
            RecipeReport report = await recipe.RunAsync(model, new Training.TrainingRun.Listener(step =>
            {
                if (step.Step == stopAfter) stop.Cancel();
            }), cancellationToken: stop.Token);
            return (report, TinyModels.Bytes(model));
        }
    }

    [Fact]
    public void Compose_ModelsThatKnowBetter_KeepTheirKindOfScaling()
    {
        Assert.Equal(RopeScaling.Linear(16), Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = 16 * Window }).RopeScaling);
        ModelConfig llama3 = TinyModels.Config().WithRopeScaling(RopeScaling.Llama3(2));
        Assert.Equal(RopeScaling.Llama3(8), Compose(llama3, new ContinuedPretrainingOptions { ContextLength = 8 * Window }).RopeScaling);
        Assert.Null(Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = Window }).RopeScaling);
        Assert.Equal(RopeScaling.Yarn(2), Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = 2 * Window, Method = ContextExtensionMethod.Yarn }).RopeScaling);
        TrainingRecipe own = Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = Context, RopeScaling = RopeScaling.NtkAware(6) });
        Assert.Equal((RopeScaling.NtkAware(6), Context), (own.RopeScaling, own.ContextLength));
    }

    [Fact]
    public void Compose_BadOptions_AllFaultsInOneException()
    {
        var fault = Assert.Throws<ArgumentException>(() => Compose(TinyModels.Config(), new ContinuedPretrainingOptions
        {
            ContextLength = Context,
            Method = ContextExtensionMethod.Yarn,
            RopeScaling = RopeScaling.Linear(4),
            MergesAdapter = true,
            OutputFolder = " ",
            HeldOutTokens = new int[5],
            HeldOutLengths = [1],
            Trainer = new TrainerOptions { LearningRate = -1 },
            Packing = new StreamingPackerOptions { ContextLength = 0 },
        }));
        Assert.All(
            new[] { "Method", "MergesAdapter", "OutputFolder", "HeldOutTokens has 5", "HeldOutLengths", "Trainer.LearningRate", "Packing.ContextLength" },
            expected => Assert.Contains(expected, fault.Message, StringComparison.Ordinal));
        Assert.Contains("nothing to extend", Assert.Throws<ArgumentException>(() => Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = Window, Method = ContextExtensionMethod.Linear })).Message, StringComparison.Ordinal);
        Assert.Contains("Adapter.Rank", Assert.Throws<ArgumentException>(() => Compose(TinyModels.Config(), new ContinuedPretrainingOptions { ContextLength = Context, Adapter = new LoraOptions { Rank = 0 } })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ContinuedPretraining.Sequences([], RecipeData.Tokenizer, Context));
    }

    /// <summary>The model is saved by then: a template that cannot be written is told in the report.</summary>
    [Fact]
    public async Task Run_TemplateThatCannotBeWritten_IsInTheReport()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(model.Config, new ContinuedPretrainingOptions { ContextLength = Window, Trainer = RecipeData.Short(ContinuedPretraining.DefaultTrainer), OutputFolder = folder["out"] });
        RecipeReport report = await (recipe with { ChatFormat = new NoDisk() }).RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("the disk is full", report.ChatFormatFault, StringComparison.Ordinal);
        Assert.Equal(4, report.Losses.Count);
    }

    private sealed class NoDisk() : LongContext.Chat.ChatFormat("words", "</s>")
    {
        public override string Template => throw new IOException("the disk is full");

        protected override void Write(LongContext.Chat.ChatTextBuilder text, IReadOnlyList<LongContext.Chat.ChatTurn> turns, LongContext.Chat.ChatRenderOptions options) => text.Append("x");
    }

    private static TrainingRecipe Compose(ModelConfig config, ContinuedPretrainingOptions options) => ContinuedPretraining.Compose(
        config,
        DataSource.FromList(ContinuedPretraining.Sequences(RecipeData.Texts(90, 300, 20, 61, 128, 40, 75, 200), RecipeData.Tokenizer, Math.Max(2, options.ContextLength)), epochs: null),
        options);

    private static void AssertSame(IReadOnlyList<LongContext.Training.Evaluations.EvaluationOutcome> expected, IReadOnlyList<LongContext.Training.Evaluations.EvaluationOutcome> actual)
    {
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Select(outcome => (outcome.Name, outcome.Step, outcome.Result.Primary)), actual.Select(outcome => (outcome.Name, outcome.Step, outcome.Result.Primary)));
        Assert.Equal(expected.SelectMany(outcome => outcome.Result.Values), actual.SelectMany(outcome => outcome.Result.Values));
    }
}
