using System.Text.Json;
using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;

namespace LongContext.Tests.Training;

/// <summary>Where the parts of a run meet: metrics and checkpoints, going back and resuming, adapters and optimizers.</summary>
public sealed class TrainerSeamTests
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    [Fact]
    public async Task TrainAsync_FinishedRunResumed_KeepsTheCheckpointsMetric()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        TrainerOptions options = new() { Steps = 2, CheckpointFolder = folder.Path, KeepBestCheckpoint = true, Evaluations = [new Figures(0.5)] };
        await TrainingRun.Of(model, options, Packs);
        string checkpoint = TrainingCheckpoint.FindBest(folder.Path)!;
        Assert.Equal(0.5, Metric(checkpoint));
        await TrainingRun.Of(model, options, TrainingRun.InTurn(Packs), resume: checkpoint);
        Assert.Equal(0.5, Metric(checkpoint));
    }

    [Fact]
    public async Task TrainAsync_CancelledAfterGoingBack_SavesTheMetricOfThoseWeights()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        PackedBatch good = BadToken.GoodPack(1), bad = BadToken.Pack();
        using CausalLanguageModel model = TinyModels.Create();
        BadToken.Poison(model);
        TrainerOptions Options(int steps) => new()
        {
            Steps = steps, CheckpointFolder = folder.Path, Evaluations = [new Figures(steps)], EvaluateEverySteps = 1,
            Schedule = LearningRateSchedule.Constant(), Guard = new TrainingGuardOptions { NonFinite = GuardAction.RollBack },
        };
        await TrainingRun.Of(model, Options(1), good);
        string checkpoint = TrainingCheckpoint.FindLatest(folder.Path)!;
        Assert.Equal(1, Metric(checkpoint));

        using var trainer = new LongContextTrainer(model, Options(5));
        trainer.Resume(checkpoint);
        using var cancellation = new CancellationTokenSource();
        var listener = new TrainingRun.Listener(progress => { if (progress.Outcome == StepOutcome.RolledBack) cancellation.Cancel(); });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(good, good, bad), listener, cancellation.Token));
        Assert.Equal(1, trainer.StepsDone);
        Assert.Equal(checkpoint, TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Equal(1, Metric(checkpoint)); // not that of step 2, which is undone
    }

    [Fact]
    public async Task TrainAsync_EvaluatedOnlyAtTheEndOfAStream_TheLastCheckpointHasItsMetric()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        TrainerOptions options = new()
        {
            Schedule = LearningRateSchedule.Constant(), CheckpointFolder = folder.Path, CheckpointEverySteps = 1, Evaluations = [new Figures(0.5)],
        };
        using var trainer = new LongContextTrainer(model, options);
        await trainer.TrainAsync(Streams.Packer(end: LongContext.Data.MixtureEnd.StopAtFirst), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(0.5, Metric(TrainingCheckpoint.FindLatest(folder.Path)!));
    }

    [Fact]
    public async Task TrainAsync_AdapterAddedOrRemovedSinceTheTrainerWasMade_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 1 });
        model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(Packs));
        Assert.Contains("new trainer", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_WithAnAdapter_LogsThatSoManyParametersTrain()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 2, TargetModules = ["q_proj"] }, seed: 1);
        var logger = new ListLogger();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 1 }, logger);
        await trainer.TrainAsync(Packs, cancellationToken: TestContext.Current.CancellationToken);
        // Two layers, A [2, 32] and B [32, 2].
        Assert.Contains(logger.All, line => line.Text.Contains("Training 256 parameters", StringComparison.Ordinal));
    }

    private static double? Metric(string checkpoint)
    {
        using JsonDocument state = JsonDocument.Parse(File.ReadAllText(Path.Combine(checkpoint, "trainer_state.json")));
        return state.RootElement.TryGetProperty("metric", out JsonElement metric) ? metric.GetDouble() : null;
    }

    /// <summary>First the given figure, then one more each time.</summary>
    private sealed class Figures(double first) : ITrainingEvaluation
    {
        private double next = first;

        public string Name => "figures";

        public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken) =>
            new() { Values = [KeyValuePair.Create("figure", next)], Primary = next++ };
    }
}
