using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;

namespace LongContext.Tests.Training.Guarding;

/// <summary>Runs over data with bad packs in it, against runs over the same data without them.</summary>
public sealed class TrainerGuardTests
{
    private static readonly PackedBatch Bad = BadToken.Pack();
    private static readonly PackedBatch[] Good = [.. Enumerable.Range(0, 12).Select(i => BadToken.GoodPack(100 + i, 12 + i))];

    private static TrainerOptions Options(
        int steps, GuardAction nonFinite, string? folder = null, int? every = null, int accumulation = 1, int maximumSkips = 5, int maximumRollBacks = 5) => new()
    {
        Steps = steps,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Constant(),
        GradientAccumulationSteps = accumulation,
        CheckpointFolder = folder,
        CheckpointEverySteps = every,
        CheckpointsToKeep = 20,
        Guard = new TrainingGuardOptions { NonFinite = nonFinite, MaximumSkipsInARow = maximumSkips, MaximumRollBacks = maximumRollBacks },
    };

    [Fact]
    public async Task TrainAsync_SkippedSteps_LeaveTheWeightsOfARunWithoutThem()
    {
        using CausalLanguageModel model = Create(), other = Create();
        TrainingRun run = await TrainingRun.Of(model, Options(7, GuardAction.SkipStep), Good[0], Good[1], Bad, Good[2], Bad, Bad, Good[3]);
        TrainingRun without = await TrainingRun.Of(other, Options(4, GuardAction.SkipStep), Good[..4]);

        Assert.Equal([1, 2, 3, 4, 5, 6, 7], run.Progress.Select(p => p.Step));
        int[] skipped = [3, 5, 6];
        Assert.All(run.Progress, p => Assert.Equal(skipped.Contains(p.Step) ? StepOutcome.Skipped : StepOutcome.Applied, p.Outcome));
        Assert.Equal([0, 0, 1, 1, 2, 3, 3], run.Progress.Select(p => p.SkippedSteps));
        Assert.Equal(without.Losses, run.Progress.Where(p => p.Outcome == StepOutcome.Applied).Select(p => p.Loss));
        TinyModels.AssertSameBytes(TinyModels.Bytes(other), TinyModels.Bytes(model));
        Assert.Equal((7, 3, 0, without.Result.FinalLoss), (run.Result.Steps, run.Result.SkippedSteps, run.Result.RollBacks, run.Result.FinalLoss));
    }

    [Fact]
    public async Task TrainAsync_SkippedStep_UsesUpItsPlaceInTheSchedule()
    {
        using CausalLanguageModel model = Create();
        TrainerOptions options = new()
        {
            Steps = 4, LearningRate = 1, Schedule = LearningRateSchedule.Linear(), Guard = new TrainingGuardOptions { NonFinite = GuardAction.SkipStep },
        };
        TrainingRun run = await TrainingRun.Of(model, options, Good[0], Bad, Good[1], Good[2]);
        Assert.Equal([1, 0.75, 0.5, 0.25], run.Progress.Select(p => p.LearningRate));
    }

    [Fact]
    public async Task TrainAsync_OneBadPackOfAnAccumulatedStep_SkipsTheWholeStep()
    {
        using CausalLanguageModel model = Create(), other = Create();
        await TrainingRun.Of(model, Options(3, GuardAction.SkipStep, accumulation: 2), Good[0], Good[1], Good[2], Bad, Good[3], Good[4]);
        await TrainingRun.Of(other, Options(2, GuardAction.SkipStep, accumulation: 2), Good[0], Good[1], Good[3], Good[4]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(other), TinyModels.Bytes(model));
    }

    [Fact]
    public async Task TrainAsync_MoreSkipsInARowThanAllowed_Stops()
    {
        using CausalLanguageModel model = Create();
        using var trainer = new LongContextTrainer(model, Options(8, GuardAction.SkipStep, maximumSkips: 2));
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(TrainingRun.InTurn(Good[0], Bad, Bad, Bad)));
        Assert.Equal((4, 3), (e.Step, trainer.StepsDone));
        Assert.Contains("2 steps before it were skipped", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_RollBack_GoesOnFromTheCheckpointWithLaterData()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create(), other = Create();
        // Steps 1 and 2, a checkpoint, step 3, the bad one; then steps 3, 4, 5 with what comes after it.
        TrainingRun run = await TrainingRun.Of(
            model, Options(5, GuardAction.RollBack, folder.Path, every: 2), Good[0], Good[1], Good[2], Bad, Good[3], Good[4], Good[5]);
        TrainingRun without = await TrainingRun.Of(other, Options(5, GuardAction.Stop), Good[0], Good[1], Good[3], Good[4], Good[5]);

        Assert.Equal([1, 2, 3, 2, 3, 4, 5], run.Progress.Select(p => p.Step));
        Assert.Equal(StepOutcome.RolledBack, run.Progress[3].Outcome);
        Assert.Equal([0, 0, 0, 1, 1, 1, 1], run.Progress.Select(p => p.RollBacks));
        Assert.Equal(without.Losses[2..], run.Losses[4..]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(other), TinyModels.Bytes(model));
        Assert.Equal((5, 1), (run.Result.Steps, run.Result.RollBacks));
        AssertNothingLeft(model);
    }

    [Fact]
    public async Task TrainAsync_RollBackBeforeTheFirstCheckpoint_GoesToTheStart()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create(), other = Create();
        await TrainingRun.Of(model, Options(3, GuardAction.RollBack, folder.Path, accumulation: 2), Good[0], Good[1], Bad, Good[2], Good[3], Good[4], Good[5], Good[6], Good[7], Good[8]);
        await TrainingRun.Of(other, Options(3, GuardAction.Stop, accumulation: 2), Good[3..9]);
        TinyModels.AssertSameBytes(TinyModels.Bytes(other), TinyModels.Bytes(model));
        Assert.True(Directory.Exists(folder["checkpoint-000000"]));
    }

    [Fact]
    public async Task TrainAsync_CancelledRightAfterARollBack_GoesOnBehindTheBadData()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create(), other = Create(seed: 99);
        BadToken.Poison(other);
        PackedBatch[] packs = [Good[0], Good[1], Bad, Good[2], Good[3], Good[4], Good[5], Good[6]];
        TrainerOptions options = Options(4, GuardAction.RollBack, folder.Path) with { CheckpointEverySteps = 2 };
        using var cancellation = new CancellationTokenSource();
        using (var trainer = new LongContextTrainer(model, options))
        {
            var listener = new TrainingRun.Listener(progress => { if (progress.Outcome == StepOutcome.RolledBack) cancellation.Cancel(); });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(packs), listener, cancellation.Token));
        }

        TrainingRun rest = await TrainingRun.Of(other, options, TrainingRun.InTurn(packs), resume: TrainingCheckpoint.FindLatest(folder.Path));
        // Without the checkpoint's new place the run would meet the bad pack once more.
        Assert.DoesNotContain(rest.Progress, progress => progress.Outcome == StepOutcome.RolledBack);
        Assert.Equal((4, 1), (rest.Result.Steps, rest.Result.RollBacks));
    }

    [Fact]
    public async Task TrainAsync_MoreRollBacksThanAllowed_Stops()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create();
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(
            () => TrainingRun.Of(model, Options(8, GuardAction.RollBack, folder.Path, maximumRollBacks: 2), Good[0], Bad, Bad, Bad));
        Assert.Contains("went back 2 times", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_WholePassesWithARollBack_EndWithTheirData()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create();
        TrainerOptions options = new()
        {
            Epochs = 1, GradientAccumulationSteps = 2, CheckpointFolder = folder.Path, CheckpointEverySteps = 1, EvaluateEverySteps = 1,
            Evaluations = [new LossByPositionEvaluation(Good[10..])],
            Guard = new TrainingGuardOptions { NonFinite = GuardAction.RollBack },
        };
        List<long> asked = [];
        PackedBatch[] packs = [Good[0], Good[1], Bad, Good[2], Good[3], Good[4], Good[5]];
        IPackSource source = PackSource.FromFunction(index => { asked.Add(index); return packs[index % 7]; }, count: 7);
        TrainingRun run = await TrainingRun.Of(model, options, source);
        // Of seven packs two went into the step that was undone: steps of 2, 2 and 1 are left.
        Assert.Equal((3, 3), (run.Result.Steps, Assert.Single(run.Result.Evaluations).Step));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], asked);
        Assert.Equal(folder["checkpoint-000003"], TrainingCheckpoint.FindLatest(folder.Path));
    }

    [Theory]
    [InlineData(GuardAction.SkipStep, 3)]
    [InlineData(GuardAction.SkipStep, 6)]
    [InlineData(GuardAction.RollBack, 2)]
    [InlineData(GuardAction.RollBack, 4)]
    [InlineData(GuardAction.RollBack, 6)]
    public async Task Resume_RunWithBadData_GoesOnAsIfNeverStopped(GuardAction action, int stoppedAfter)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        PackedBatch[] packs = [Good[0], Good[1], Good[2], Bad, Good[3], Good[4], Bad, Good[5], Good[6], Good[7], Good[8], Good[9]];
        using CausalLanguageModel straight = Create(), other = Create(seed: 99);
        TrainingRun whole = await TrainingRun.Of(straight, Watching(folder["straight"]), packs);
        BadToken.Poison(other);
        using var cancellation = new CancellationTokenSource();
        using (CausalLanguageModel stopped = Create())
        {
            using var trainer = new LongContextTrainer(stopped, Watching(folder["resumed"]));
            int reports = 0;
            var listener = new TrainingRun.Listener(_ => { if (++reports == stoppedAfter) cancellation.Cancel(); });
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(packs), listener, cancellation.Token));
        }

        TrainingRun rest = await TrainingRun.Of(
            other, Watching(folder["resumed"]), TrainingRun.InTurn(packs), resume: TrainingCheckpoint.FindLatest(folder["resumed"]));
        Assert.NotEmpty(rest.Losses);
        Assert.Equal(whole.Losses[^rest.Losses.Length..], rest.Losses);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
        Assert.Equal((whole.Result.SkippedSteps, whole.Result.RollBacks), (rest.Result.SkippedSteps, rest.Result.RollBacks));
        string last = Path.GetFileName(TrainingCheckpoint.FindLatest(folder["straight"])!);
        foreach (string file in new[] { "optimizer.safetensors", "trainer_state.json" })
            Assert.Equal(File.ReadAllBytes(folder[$"straight/{last}/{file}"]), File.ReadAllBytes(folder[$"resumed/{last}/{file}"]));

        TrainerOptions Watching(string at) => new()
        {
            Steps = 8, LearningRate = 1e-2, CheckpointFolder = at, CheckpointEverySteps = 2,
            Guard = new TrainingGuardOptions { NonFinite = action, Spike = GuardAction.Warn, SpikeWindow = 6, SpikeWarmupSteps = 4 },
        };
    }

    [Theory]
    [InlineData(GuardAction.Ignore)]
    [InlineData(GuardAction.Warn)]
    [InlineData(GuardAction.Stop)]
    [InlineData(GuardAction.SkipStep)]
    [InlineData(GuardAction.RollBack)]
    public async Task TrainAsync_LossSpike_DoesWhatTheOptionsSay(GuardAction action)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        // One document over and over is learned by heart; another comes as a shock.
        PackedBatch known = BadToken.GoodPack(1), strange = BadToken.GoodPack(2);
        IPackSource source = PackSource.FromFunction(index => index == 30 ? strange : known);
        var options = new TrainerOptions
        {
            Steps = 34, LearningRate = 2e-2, Schedule = LearningRateSchedule.Constant(), CheckpointFolder = folder.Path, CheckpointEverySteps = 28,
            Guard = new TrainingGuardOptions { Spike = action, SpikeWindow = 12, SpikeWarmupSteps = 6 },
        };
        if (action == GuardAction.Stop)
        {
            Assert.Equal(31, (await Assert.ThrowsAsync<LossSpikeException>(() => TrainingRun.Of(model, options, source))).Step);
            return;
        }

        TrainingRun run = await TrainingRun.Of(model, options, source);
        StepOutcome expected = action switch { GuardAction.SkipStep => StepOutcome.Skipped, GuardAction.RollBack => StepOutcome.RolledBack, _ => StepOutcome.Applied };
        Assert.Equal(expected, run.Progress[30].Outcome);
        Assert.All(run.Progress.Where((_, i) => i != 30), p => Assert.Equal(StepOutcome.Applied, p.Outcome));
        Assert.Equal(action == GuardAction.RollBack ? 28 : 31, run.Progress[30].Step);
        Assert.True(run.Progress[30].Loss > 2 + run.Progress[29].Loss, $"{run.Progress[29].Loss} → {run.Progress[30].Loss} is no spike to test with");
    }

    [Fact]
    public async Task Resume_DamagedGuardState_IsNamed()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create();
        await TrainingRun.Of(model, Options(2, GuardAction.SkipStep, folder.Path), Good[0], Bad);
        string path = Path.Combine(TrainingCheckpoint.FindLatest(folder.Path)!, "trainer_state.json"), text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        Assert.Contains("\"skippedSteps\": 1", text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace("\"skippedSteps\": 1", "\"skippedSteps\": -1", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        using var trainer = new LongContextTrainer(model, Options(2, GuardAction.SkipStep, folder.Path));
        Assert.Contains(path, Assert.Throws<LongContext.Checkpoints.CheckpointFormatException>(() => trainer.Resume(TrainingCheckpoint.FindLatest(folder.Path)!)).Message, StringComparison.Ordinal);
    }

    private static CausalLanguageModel Create(int seed = 5)
    {
        CausalLanguageModel model = TinyModels.Create(seed: seed);
        BadToken.Poison(model);
        return model;
    }

    private static void AssertNothingLeft(CausalLanguageModel model)
    {
        Assert.All(model.Parameters.Values, parameter => Assert.False(parameter.requires_grad));
        Assert.All(model.Parameters.Values, parameter => Assert.Null(parameter.grad));
    }
}
