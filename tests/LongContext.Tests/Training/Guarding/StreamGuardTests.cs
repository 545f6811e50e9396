using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;

namespace LongContext.Tests.Training.Guarding;

/// <summary>Guards and evaluations over a stream of packs that are made ahead.</summary>
public sealed class StreamGuardTests
{
    private static readonly PackedBatch[] HeldOut = [BadToken.GoodPack(7, 20)];

    /// <summary>A stream of some 40 packs with three bad documents in it.</summary>
    private static StreamingPacker Packs() => new(
        DataSource.FromFunction(i => i is 5 or 17 or 18 ? Bad((int)i) : new TokenSequence(BadToken.GoodPack((int)i, 6 + (int)(7 * i % 20)).InputIds), count: 60),
        new StreamingPackerOptions { ContextLength = TinyModels.TrainedWindow, WindowDocuments = 6 });

    private static TokenSequence Bad(int seed) => new(BadToken.Pack(seed).InputIds);

    private static TrainerOptions Options(GuardAction action, string folder, int? steps) => new()
    {
        Steps = steps, LearningRate = 1e-2, Schedule = LearningRateSchedule.Constant(), CheckpointFolder = folder, CheckpointEverySteps = 3, KeepBestCheckpoint = true,
        Guard = new TrainingGuardOptions { NonFinite = action, Spike = GuardAction.Warn, SpikeWindow = 6, SpikeWarmupSteps = 4 },
        Evaluations = [new LossByPositionEvaluation(HeldOut)], EvaluateEverySteps = 3,
    };

    [Theory]
    [InlineData(GuardAction.SkipStep, 2)]
    [InlineData(GuardAction.SkipStep, 7)]
    [InlineData(GuardAction.RollBack, 2)]
    [InlineData(GuardAction.RollBack, 5)]
    [InlineData(GuardAction.RollBack, 9)]
    public async Task Resume_StreamWithBadData_GoesOnAsIfNeverStopped(GuardAction action, int stoppedAfter)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = Create(5), other = Create(99);
        TrainingRun whole = await Train(straight, Options(action, folder["straight"], steps: 14));
        Assert.True(whole.Result.SkippedSteps + whole.Result.RollBacks >= 2, "no bad pack came: the test shows little");

        using var cancellation = new CancellationTokenSource();
        using (CausalLanguageModel stopped = Create(5))
        {
            int reports = 0;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(
                () => Train(stopped, Options(action, folder["resumed"], steps: 14), onReport: _ => { if (++reports == stoppedAfter) cancellation.Cancel(); }, cancellation: cancellation.Token));
        }

        TrainingRun rest = await Train(other, Options(action, folder["resumed"], steps: 14), resume: TrainingCheckpoint.FindLatest(folder["resumed"]));
        Assert.NotEmpty(rest.Losses);
        Assert.Equal(whole.Losses[^rest.Losses.Length..], rest.Losses);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
        foreach (string file in new[] { "optimizer.safetensors", "data_state.safetensors", "trainer_state.json" })
            Assert.Equal(File.ReadAllBytes(folder[$"straight/checkpoint-000014/{file}"]), File.ReadAllBytes(folder[$"resumed/checkpoint-000014/{file}"]));
    }

    [Fact]
    public async Task TrainAsync_StreamWithoutAKnownEnd_EvaluatesAtItsEndAndKeepsTheBest()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Create(5);
        TrainingRun run = await Train(model, Options(GuardAction.SkipStep, folder.Path, steps: null));
        Assert.All(run.Progress, p => Assert.Equal((0, TimeSpan.Zero), (p.TotalSteps, p.Remaining)));
        Assert.All(run.Progress, p => Assert.InRange(p.FillRate!.Value, 0.1, 1));
        Assert.Equal(run.Result.Steps, Assert.Single(run.Result.Evaluations).Step);

        EvaluationOutcome[] all = [.. run.Progress.SelectMany(p => p.Evaluations).Concat(run.Result.Evaluations).DistinctBy(outcome => outcome.Step)];
        int best = all.OrderBy(outcome => outcome.Result.Primary).ThenByDescending(outcome => outcome.Step).First().Step;
        Assert.Equal($"checkpoint-{best:D6}", Path.GetFileName(TrainingCheckpoint.FindBest(folder.Path)));
    }

    private static CausalLanguageModel Create(int seed)
    {
        CausalLanguageModel model = TinyModels.Create(seed: seed);
        BadToken.Poison(model);
        return model;
    }

    private static async Task<TrainingRun> Train(
        CausalLanguageModel model, TrainerOptions options, string? resume = null, Action<TrainingProgress>? onReport = null, CancellationToken cancellation = default)
    {
        using var trainer = new LongContextTrainer(model, options);
        if (resume is not null) trainer.Resume(resume);
        List<TrainingProgress> seen = [];
        TrainingResult result = await trainer.TrainAsync(Packs(), new TrainingRun.Listener(progress => { seen.Add(progress); onReport?.Invoke(progress); }), cancellation);
        return new TrainingRun(seen, result);
    }
}
