using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Runs that end early: always on the weights of the last whole step.</summary>
public sealed class TrainerFaultTests
{
    private const int LayerCount = 2;

    private static readonly PackedBatch[] Packs =
        [PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(5, 2)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private static readonly PackedBatch Nothing = PackedBatch.CreatePrompt(new[] { 3, 4 });

    private static TrainerOptions Options(int steps = 6, string? folder = null) => new()
    {
        Steps = steps,
        GradientAccumulationSteps = 2,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Constant(),
        CheckpointFolder = folder,
    };

    [Fact]
    public async Task TrainAsync_PoisonedWeight_ThrowsAndChangesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        TinyModels.SetValue(model.Parameters["model.norm.weight"], 3, double.NaN);
        var before = TinyModels.Bytes(model);
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(() => TrainingRun.Of(model, Options(folder: folder.Path), Packs));
        Assert.Equal(1, e.Step);
        Assert.Contains("loss of step 1 is NaN", e.Message, StringComparison.Ordinal);
        AssertLeftAlone(model, before);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_LossTurnsNaNInTheThirdStep_KeepsTheSecondStepsWeights()
    {
        // Two steps of two packs of two layers: call 9 is the third step's first.
        var kernel = new KernelWithEvents { Change = (call, _, output) => call == 11 ? output.Times(double.NaN) : output };
        using CausalLanguageModel model = Create(kernel);
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(() => TrainingRun.Of(model, Options(), Packs));
        Assert.Equal(3, e.Step);
        AssertLeftAlone(model, await WeightsAfter(2));
    }

    [Fact]
    public async Task TrainAsync_OnlyTheGradientIsNaN_ThrowsAndChangesNothing()
    {
        // The root's slope at 0 is infinite, and 0 · ∞ is NaN: the loss stays finite.
        var kernel = new KernelWithEvents { Change = (_, q, output) => output.Plus(q.Times(0).sqrt()) };
        using CausalLanguageModel model = Create(kernel);
        var before = TinyModels.Bytes(model);
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(() => TrainingRun.Of(model, Options(), Packs));
        Assert.Contains("gradient norm of step 1", e.Message, StringComparison.Ordinal);
        AssertLeftAlone(model, before);
    }

    [Theory]
    [InlineData(1)] // first layer of the first pack
    [InlineData(3)] // between the packs
    [InlineData(4)] // in the last layer of the last pack
    public async Task TrainAsync_CancelledInMidStep_KeepsAndSavesTheLastWholeStep(int callOfTheStep)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == 2 * 2 * LayerCount + callOfTheStep) cancellation.Cancel(); } };
        using CausalLanguageModel model = Create(kernel);
        using var trainer = new LongContextTrainer(model, Options(folder: folder.Path));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: cancellation.Token));

        Assert.Equal(2, trainer.StepsDone);
        var expected = await WeightsAfter(2);
        AssertLeftAlone(model, expected);
        Assert.Equal([folder["checkpoint-000002"]], Directory.GetFileSystemEntries(folder.Path));
        using CausalLanguageModel saved = CausalLanguageModel.Load(folder["checkpoint-000002"]);
        TinyModels.AssertSameBytes(expected, TinyModels.Bytes(saved));

        // The same trainer goes on as if nothing had been.
        await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        AssertLeftAlone(model, await WeightsAfter(6));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TrainAsync_CancelledBetweenSteps_KeepsTheLastWholeStep(bool fromTheSource)
    {
        using var cancellation = new CancellationTokenSource();
        using CausalLanguageModel model = Create();
        using var trainer = new LongContextTrainer(model, Options());
        IPackSource source = PackSource.FromFunction(index =>
        {
            if (fromTheSource && index == 5) cancellation.Cancel();
            return Packs[index % 2];
        });
        var listener = new TrainingRun.Listener(progress => { if (!fromTheSource && progress.Step == 2) cancellation.Cancel(); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(source, listener, cancellation.Token));
        Assert.Equal(2, trainer.StepsDone);
        AssertLeftAlone(model, await WeightsAfter(2));
    }

    [Fact]
    public async Task TrainAsync_CancelledBefore_DoesNothing()
    {
        using CausalLanguageModel model = Create();
        var before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: new CancellationToken(true)));
        AssertLeftAlone(model, before);
    }

    [Fact]
    public async Task TrainAsync_ListenerThrows_EndsOnWholeSteps()
    {
        using CausalLanguageModel model = Create();
        using var trainer = new LongContextTrainer(model, Options());
        var listener = new TrainingRun.Listener(progress => { if (progress.Step == 2) throw new InvalidDataException("the listener's own"); });
        await Assert.ThrowsAsync<InvalidDataException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), listener, TestContext.Current.CancellationToken));
        AssertLeftAlone(model, await WeightsAfter(2));
    }

    [Fact]
    public async Task TrainAsync_DocumentLongerThanTheWindow_NamesPackDocumentAndLengths()
    {
        using CausalLanguageModel model = Create();
        PackedBatch tooLong = PackedBatch.Create([TinyModels.Document(4, 1), TinyModels.Document(TinyModels.TrainedWindow + 1, 2)]);
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => TrainingRun.Of(model, Options(), [.. Packs, Packs[0], tooLong]));
        Assert.Contains("Document 1 of pack 3 has 33 tokens", e.Message, StringComparison.Ordinal);
        Assert.Contains("(max_position_embeddings) is 32", e.Message, StringComparison.Ordinal);
        AssertLeftAlone(model, await WeightsAfter(1));
    }

    [Fact]
    public async Task TrainAsync_DocumentOfExactlyTheWindow_IsTaken()
    {
        using CausalLanguageModel model = Create(), dynamic = TinyModels.Create(RopeScaling.DynamicNtk(4));
        await TrainingRun.Of(model, Options(1), PackedBatch.Create([TinyModels.Document(TinyModels.TrainedWindow, 2), TinyModels.Document(5, 1)]));
        // Dynamic scaling has no end of its window.
        await TrainingRun.Of(dynamic, Options(1), PackedBatch.Create([TinyModels.Document(3 * TinyModels.TrainedWindow, 2)]));
    }

    [Fact]
    public async Task TrainAsync_StepWithoutATarget_IsLeftOut()
    {
        using CausalLanguageModel model = Create(), without = Create();
        TrainingRun run = await TrainingRun.Of(model, Options(), [Packs[0], Nothing, Nothing, Nothing]);
        Assert.Equal(Enumerable.Repeat((StepOutcome[])[StepOutcome.Applied, StepOutcome.Skipped], 3).SelectMany(two => two), run.Progress.Select(progress => progress.Outcome));
        Assert.Equal((6, 3), (run.Result.Steps, run.Result.SkippedSteps));
        await TrainingRun.Of(without, Options(3), [Packs[0], Nothing]);
        AssertLeftAlone(model, TinyModels.Bytes(without));
    }

    [Fact]
    public async Task Resume_BeforeStepsWithoutATarget_GoesPastThem()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create(), unbroken = Create();
        IPackSource source = PackSource.FromFunction(index => index is > 1 and < 12 ? Nothing : Packs[index % 2]);
        await TrainingRun.Of(model, Options(1, folder.Path), source);
        TrainingRun rest = await TrainingRun.Of(model, Options(8, folder.Path), source, resume: TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Equal((8, 5), (rest.Result.Steps, rest.Result.SkippedSteps));
        await TrainingRun.Of(unbroken, Options(8), source);
        AssertLeftAlone(model, TinyModels.Bytes(unbroken));
    }

    [Theory]
    [InlineData(3, "None of the 3 step(s) has a target token")]
    [InlineData(100, "Step 16 has no target token, like the 15 before it")]
    public async Task TrainAsync_NoStepHasATarget_IsRefused(int steps, string expected)
    {
        using CausalLanguageModel model = Create();
        var before = TinyModels.Bytes(model);
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => TrainingRun.Of(model, Options(steps), Nothing));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        AssertLeftAlone(model, before);
    }

    [Fact]
    public async Task TrainAsync_TokenOutsideTheVocabulary_IsNamed()
    {
        using CausalLanguageModel model = Create();
        var before = TinyModels.Bytes(model);
        PackedBatch strange = PackedBatch.Create([new TokenSequence(new[] { 3, TinyModels.Vocabulary, 4 })]);
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>(() => TrainingRun.Of(model, Options(), strange));
        Assert.Contains("48", e.Message, StringComparison.Ordinal);
        AssertLeftAlone(model, before);
    }

    [Fact]
    public async Task TrainAsync_NothingToTrainOn_IsRefused()
    {
        using CausalLanguageModel model = Create();
        using LongContextTrainer trainer = new(model, Options()), withoutSteps = new(model, new TrainerOptions());
        await Assert.ThrowsAsync<ArgumentException>("packs", () => trainer.TrainAsync([]));
        await Assert.ThrowsAsync<ArgumentNullException>("source", () => trainer.TrainAsync((IPackSource)null!));
        ArgumentException e = await Assert.ThrowsAsync<ArgumentException>("source", () => withoutSteps.TrainAsync(TrainingRun.InTurn(Packs)));
        Assert.Contains("TrainerOptions.Steps", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_WhileTraining_IsRefused()
    {
        using CausalLanguageModel model = Create();
        using var trainer = new LongContextTrainer(model, Options());
        using SemaphoreSlim begun = new(0), goOn = new(0);
        IPackSource waiting = PackSource.FromFunction(index =>
        {
            begun.Release();
            if (index == 0) goOn.Wait(TestContext.Current.CancellationToken);
            return Packs[index % 2];
        });
        Task<TrainingResult> first = trainer.TrainAsync(waiting);
        await begun.WaitAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs)));
        Assert.Throws<InvalidOperationException>(() => trainer.Resume("anywhere"));
        goOn.Release();
        Assert.Equal(6, (await first).Steps);
        AssertLeftAlone(model, await WeightsAfter(6));
    }

    [Fact]
    public async Task Dispose_BeforeOrAfterTheModel_Works()
    {
        CausalLanguageModel model = Create();
        var trainer = new LongContextTrainer(model, Options(1));
        await trainer.TrainAsync(TrainingRun.InTurn(Packs));
        model.Dispose();
        trainer.Dispose();
        trainer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.Resume("anywhere"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => trainer.TrainAsync(Packs));
    }

    private static CausalLanguageModel Create(KernelWithEvents? kernel = null) => CausalLanguageModel.Create(
        TinyModels.Config(), seed: 5, new ModelLoadOptions { DataType = ScalarType.Float64, AttentionKernel = kernel });

    private static async Task<Dictionary<string, byte[]>> WeightsAfter(int steps)
    {
        using CausalLanguageModel model = Create();
        await TrainingRun.Of(model, Options(steps), Packs);
        return TinyModels.Bytes(model);
    }

    /// <summary>Bit-identical weights, and nothing of training left on them.</summary>
    private static void AssertLeftAlone(CausalLanguageModel model, Dictionary<string, byte[]> expected)
    {
        TinyModels.AssertSameBytes(expected, TinyModels.Bytes(model));
        Assert.All(model.Parameters.Values, parameter => Assert.False(parameter.requires_grad));
        Assert.All(model.Parameters.All, parameter => Assert.False(parameter.Trains));
        Assert.All(model.Parameters.All, parameter => Assert.Null(parameter.Gradient));
    }
}
