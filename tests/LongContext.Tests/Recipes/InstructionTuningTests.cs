using LongContext.Adapters;
using LongContext.Chat;
using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Gguf.Vocabulary;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.TestSupport;

namespace LongContext.Tests.Recipes;

public sealed class InstructionTuningTests
{
    [Fact]
    public void Sequences_Conversation_AnswersAndTheirEndsAloneCount()
    {
        TokenSequence sequence = InstructionTuning.Sequences(
            [[ChatTurn.User("w10 w11"), ChatTurn.Assistant("w12"), ChatTurn.User("w13"), ChatTurn.Assistant("w14 w15")]], RecipeData.Format, RecipeData.Tokenizer)[0];
        Assert.Equal("<s> USER: w10 w11 ASSISTANT: w12 </s> USER: w13 ASSISTANT: w14 w15 </s>", string.Join(' ', sequence.Tokens.ToArray().Select(RecipeData.Tokenizer.GetToken)));
        Assert.Equal(["w12", "</s>", "w14", "w15", "</s>"], sequence.Tokens.ToArray().Where((_, i) => sequence.LossMask.Span[i]).Select(RecipeData.Tokenizer.GetToken));
    }

    /// <summary>What stands in the questions decides on no weight: other questions' targets would.</summary>
    [Fact]
    public async Task Run_AnswersAlone_EveryTargetIsAnAnswersTokenAndEverySequenceWeighsOne()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        TrainingRecipe recipe = Compose(new InstructionTuningOptions());
        IReadOnlyList<TokenSequence> sequences = Sequences(12);
        var packer = new StreamingPacker(DataSource.FromList(sequences), recipe.Packing);
        List<PackedBatch> packs = [];
        while (packer.Next(TestContext.Current.CancellationToken) is { } pack) packs.Add(pack);
        Assert.Equal(sequences.Count, packs.Sum(pack => pack.LossNormalizer));
        Assert.Equal(sequences.Sum(sequence => sequence.LossMask.Span.Count(true)), packs.Sum(pack => pack.TargetCount));
        foreach (PackedBatch pack in packs)
        {
            for (int d = 0; d < pack.DocumentCount; d++)
            {
                int from = pack.CumulativeSequenceLengths.Span[d], to = pack.CumulativeSequenceLengths.Span[d + 1];
                Assert.Equal(1, pack.LossWeights[from..to].ToArray().Sum(), 1e-6);
            }
        }

        // Nothing but answers is learned: the report's share of targets is the masks'.
        double share = double.NaN;
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe oneStep = recipe with { Source = DataSource.FromList(sequences), Trainer = recipe.Trainer with { Steps = 1, GradientAccumulationSteps = packs.Count } };
        await oneStep.RunAsync(model, new Training.TrainingRun.Listener(step => share = step.TargetShare), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(packs.Sum(pack => pack.TargetCount) / (double)packs.Sum(pack => pack.TokenCount), share, 1e-12);
    }

    [Fact]
    public void CountSteps_FiniteSource_IsWhatItGivesAndLeavesTheSourceWhereItStood()
    {
        IDataSource<TokenSequence> source = DataSource.FromList(Sequences(20), seed: 3, epochs: 2);
        source.Next(TestContext.Current.CancellationToken);
        StreamState start = source.Capture();
        TrainingRecipe recipe = InstructionTuning.Compose(TinyModels.Config(), source, new InstructionTuningOptions { Trainer = InstructionTuning.DefaultTrainer with { GradientAccumulationSteps = 3 } });
        int steps = recipe.CountSteps(TestContext.Current.CancellationToken);
        TokenSequence next = source.Next(TestContext.Current.CancellationToken)!;
        source.Restore(start);
        Assert.Equal(next.Tokens.ToArray(), source.Next(TestContext.Current.CancellationToken)!.Tokens.ToArray());
        source.Restore(start);
        var packer = new StreamingPacker(source, recipe.Packing);
        int packs = 0;
        while (packer.Next(TestContext.Current.CancellationToken) is not null) packs++;
        Assert.Equal((packs + 2) / 3, steps);
        Assert.InRange(steps, 2, 20);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_AdapterOverAnExtendedModel_LearnsTheAnswersAndSavesAnAdapterThatLoads(bool sorted)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        IReadOnlyList<TokenSequence> sequences = Sequences(8);
        int context = 2 * TinyModels.TrainedWindow;
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences, epochs: 30), new InstructionTuningOptions
        {
            ContextLength = context,
            HeldOut = sequences,
            Adapter = new LoraOptions { Rank = 8, Alpha = 16 },
            Packing = sorted ? InstructionTuning.SortedBatching(context, 2) : null,
            Trainer = InstructionTuning.DefaultAdapterTrainer with { LearningRate = 1e-2, GradientAccumulationSteps = 2 },
            OutputFolder = folder["out"],
        });
        recipe = recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(TestContext.Current.CancellationToken) } };
        RecipeReport report = await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(recipe.Trainer.Steps, report.Training.Steps);
        Assert.True(report.After[0].Result.Primary < report.Before[0].Result.Primary / 2, $"{report.Before[0].Result.Primary} to {report.After[0].Result.Primary}");
        Assert.Equal(RopeScaling.Linear(2), ModelConfig.Load(folder["out"]).RopeScaling);
        using CausalLanguageModel again = CausalLanguageModel.Load(folder["base"], new ModelLoadOptions { RopeScaling = RopeScaling.Linear(2) });
        LoraAdapter.Load(folder["out"], again);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(context, 3)]);
        Assert.Equal(TinyModels.Logits(model, pack), TinyModels.Logits(again, pack));
    }

    [Fact]
    public async Task Run_LongerThanTheContext_IsLeftOutAndCounted()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        IReadOnlyList<TokenSequence> sequences = [.. Sequences(6), .. InstructionTuning.Sequences([[ChatTurn.User(RecipeData.Words(60, 1)), ChatTurn.Assistant("w9")]], RecipeData.Format, RecipeData.Tokenizer)];
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences), new InstructionTuningOptions { Trainer = InstructionTuning.DefaultTrainer with { Steps = 1 } });
        RecipeReport report = await recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((1, 6), (report.Packing.Skipped, report.Packing.Documents));
    }

    [Fact]
    public async Task Run_AllLongerThanTheContext_SaysWhyThereIsNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        IReadOnlyList<TokenSequence> sequences = InstructionTuning.Sequences([[ChatTurn.User(RecipeData.Words(60, 1)), ChatTurn.Assistant("w9")]], RecipeData.Format, RecipeData.Tokenizer);
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences), new InstructionTuningOptions { Trainer = InstructionTuning.DefaultTrainer with { Steps = 1 } });
        string message = (await Assert.ThrowsAsync<ArgumentException>(() => recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken))).Message;
        Assert.Contains("all 1 sequence(s) are longer than the packs' context", message, StringComparison.Ordinal);
        Assert.DoesNotContain("empty", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_AdapterOnAdaptedModelOrNoSteps_IsRefusedBeforeTheModelChanges()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        TrainingRecipe recipe = Compose(new InstructionTuningOptions { ContextLength = 2 * TinyModels.TrainedWindow, Adapter = InstructionTuning.DefaultAdapter });
        Assert.Contains("Steps", (await Assert.ThrowsAsync<ArgumentException>(() => recipe.RunAsync(model, cancellationToken: TestContext.Current.CancellationToken))).Message, StringComparison.Ordinal);
        Assert.Equal((TinyModels.TrainedWindow, null), (model.ContextLength, model.Adapter));
        model.AddAdapter(new LoraOptions(), 1);
        await Assert.ThrowsAsync<InvalidOperationException>(() => (recipe with { Trainer = recipe.Trainer with { Steps = 2 } }).RunAsync(model, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(TinyModels.TrainedWindow, model.ContextLength);
    }

    [Fact]
    public void Compose_BadOptionsAndConversations_AreNamed()
    {
        var fault = Assert.Throws<ArgumentException>(() => Compose(new InstructionTuningOptions { ContextLength = 1, HeldOut = [new TokenSequence(new[] { 5, 6 }, new[] { true, false })], MergesAdapter = true }));
        Assert.All(new[] { "ContextLength must be at least 2, but is 1", "HeldOut has no target", "MergesAdapter" }, expected => Assert.Contains(expected, fault.Message, StringComparison.Ordinal));
        Assert.Contains("HeldOut has a conversation of 33 tokens", Assert.Throws<ArgumentException>(() => Compose(new InstructionTuningOptions { HeldOut = [TinyModels.Document(33, 1)] })).Message, StringComparison.Ordinal);
        IReadOnlyList<ChatTurn> good = RecipeData.Conversations(1)[0];
        Assert.Contains("Conversation 1 has no answer", Refused([good, [ChatTurn.User("w9")]]), StringComparison.Ordinal);
        string ofShareGpt = Refused([good, [new ChatTurn("human", "w9")]]);
        Assert.Contains("Conversation 1 cannot be written", ofShareGpt, StringComparison.Ordinal);
        Assert.Contains("ColumnMap.ShareGpt", ofShareGpt, StringComparison.Ordinal);
        Assert.EndsWith("(Parameter 'conversations')", ofShareGpt, StringComparison.Ordinal);
        Assert.DoesNotContain("(Parameter 'turns')", ofShareGpt, StringComparison.Ordinal);
        Assert.Contains("no conversation", Refused([]), StringComparison.Ordinal);

        static string Refused(IReadOnlyList<ChatTurn>[] conversations) =>
            Assert.Throws<ArgumentException>(() => InstructionTuning.Sequences(conversations, RecipeData.Format, RecipeData.Tokenizer)).Message;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_FormatWithATemplate_IsWhatTheSavedFolderIsAskedIn(bool adapted)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        ChatFormat format = ChatFormat.Named("zephyr");
        RecipeReport report = await OneStep(folder["out"], format, adapted).RunAsync(model, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Null(report.ChatFormatFault);
        Assert.Equal("zephyr", ChatFormat.Load(folder["out"]).Name);
        Assert.Throws<NotSupportedException>(() => ChatFormat.Load(folder["base"])); // which has none
        if (adapted) return;
        using LongContextChatClient client = LongContextChatClient.Load(folder["out"]);
        Assert.Equal("zephyr", client.ChatFormat?.Name);
        Assert.Equal(format.Template, GgufChatTemplates.Read(folder["out"])[GgufChatTemplates.Default]);
    }

    [Fact]
    public async Task Run_FormatWithoutATemplate_SaysSo()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = RecipeData.Load(folder["base"]);
        var logger = new Training.ListLogger();
        RecipeReport report = await OneStep(folder["out"], RecipeData.Format, adapted: false).RunAsync(model, logger: logger, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains("\"words\" has no template", report.ChatFormatFault, StringComparison.Ordinal);
        Assert.Contains(report.ChatFormatFault, logger.Warnings);

        var ofClient = new Training.ListLogger();
        LongContextChatClient.Load(folder["out"], new LongContextChatClientOptions { Loading = new ModelLoadOptions { Logger = ofClient } }).Dispose();
        Assert.Contains(ofClient.Warnings, warning => warning.Contains("has no chat template", StringComparison.Ordinal));
    }

    private static TrainingRecipe OneStep(string output, ChatFormat format, bool adapted) => Compose(new InstructionTuningOptions
    {
        ChatFormat = format,
        OutputFolder = output,
        Adapter = adapted ? new LoraOptions { Rank = 2 } : null,
        Trainer = InstructionTuning.DefaultTrainer with { Steps = 1 },
    });

    private static IReadOnlyList<TokenSequence> Sequences(int count) => InstructionTuning.Sequences(RecipeData.Conversations(count), RecipeData.Format, RecipeData.Tokenizer);

    private static TrainingRecipe Compose(InstructionTuningOptions options) => InstructionTuning.Compose(TinyModels.Config(), DataSource.FromList(Sequences(12)), options);
}
