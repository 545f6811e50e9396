using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Monitoring;

namespace LongContext.Tests.Training;

public sealed class TrainerProgressTests
{
    [Fact]
    public async Task Report_EachStep_GivesTimesByTheClock()
    {
        var clock = new ManualClock();
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(5, 2)]);
        IPackSource source = PackSource.FromFunction(_ =>
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            return pack;
        });
        using CausalLanguageModel model = TinyModels.Create();
        TrainingRun run = await TrainingRun.Of(model, new TrainerOptions { Steps = 5, GradientAccumulationSteps = 2, Schedule = LearningRateSchedule.Linear() }, source, timeProvider: clock);

        Assert.Equal([1, 2, 3, 4, 5], run.Progress.Select(p => p.Step));
        Assert.All(run.Progress, p => Assert.Equal((5, 50L, 12.5), (p.TotalSteps, p.StepTokens, p.TokensPerSecond)));
        Assert.Equal([50, 100, 150, 200, 250], run.Progress.Select(p => p.Tokens));
        Assert.Equal([4, 8, 12, 16, 20], run.Progress.Select(p => p.Elapsed.TotalSeconds));
        Assert.Equal([16, 12, 8, 4, 0], run.Progress.Select(p => p.Remaining.TotalSeconds));
        Assert.Equal([1e-4, 0.8e-4, 0.6e-4, 0.4e-4, 0.2e-4], run.Progress.Select(p => Math.Round(p.LearningRate, 12)));
        Assert.All(run.Progress, p => Assert.InRange(p.MemoryBytes, 10_000_000, 1L << 40));
        Assert.All(run.Progress, p => Assert.True(p.GradientNorm > 0 && p.Loss > 0));
        Assert.Equal((5, 250L, TimeSpan.FromSeconds(20)), (run.Result.Steps, run.Result.Tokens, run.Result.Elapsed));
    }

    [Fact]
    public async Task Report_EvaluationsAndCheckpoints_AreInTheTimeToComeAndNotInTheSpeed()
    {
        var clock = new ManualClock();
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        IPackSource source = PackSource.FromFunction(_ =>
        {
            clock.Advance(TimeSpan.FromSeconds(2));
            return pack;
        });
        using CausalLanguageModel model = TinyModels.Create();
        var options = new TrainerOptions
        {
            Steps = 6, Evaluations = [new SlowEvaluation(clock)], EvaluateEverySteps = 2, PackCapacity = 25, DevicePeakFlops = 1e9,
        };
        TrainingRun run = await TrainingRun.Of(model, options, source, timeProvider: clock);

        // Steps of 2 seconds, evaluations of 7 after steps 2, 4 and 6; what an evaluation takes is known after the first.
        Assert.Equal([2, 11, 13, 22, 24, 33], run.Progress.Select(p => p.Elapsed.TotalSeconds));
        Assert.Equal([10, 8 + 14, 6 + 14, 4 + 7, 2 + 7, 0], run.Progress.Select(p => p.Remaining.TotalSeconds));
        Assert.All(run.Progress, p => Assert.Equal((10.0, 2.0), (p.RecentTokensPerSecond, p.StepDuration.TotalSeconds)));
        Assert.Equal(120 / 33.0, run.Progress[^1].TokensPerSecond, 1e-12);
        double flops = TrainingFlops.Of(model).OfPack(pack);
        Assert.All(run.Progress, p => Assert.Equal((flops / 2, flops / 2e9), (p.ModelFlopsPerSecond, p.ModelFlopUtilization)));
        Assert.All(run.Progress, p => Assert.Equal((0.8, 0.95), (p.FillRate, p.TargetShare)));
    }

    [Fact]
    public async Task Report_WhatIsNotKnown_IsNull()
    {
        using CausalLanguageModel model = TinyModels.Create();
        TrainingRun run = await TrainingRun.Of(model, new TrainerOptions { Steps = 2 }, PackedBatch.Create([TinyModels.Document(9, 1)]));
        Assert.All(run.Progress, p => Assert.Null(p.FillRate));
        Assert.All(run.Progress, p => Assert.Null(p.ModelFlopUtilization)); // a CPU's peak is nobody's to guess
        Assert.All(run.Progress, p => Assert.Null(p.DevicePeakMemoryBytes));
        Assert.All(run.Progress, p => Assert.True(p.ModelFlopsPerSecond > 0));
        Assert.All(run.Progress, p => Assert.Empty(p.Evaluations));
    }

    [Fact]
    public async Task Report_ClockStandsStill_StaysFinite()
    {
        using CausalLanguageModel model = TinyModels.Create();
        TrainingRun run = await TrainingRun.Of(
            model, new TrainerOptions { Steps = 2 }, TrainingRun.InTurn(PackedBatch.Create([TinyModels.Document(9, 1)])), timeProvider: new ManualClock());
        Assert.All(run.Progress, p => Assert.True(double.IsFinite(p.TokensPerSecond)));
        Assert.All(run.Progress, p => Assert.Equal(TimeSpan.Zero, p.Remaining));
    }

    private sealed class SlowEvaluation(ManualClock clock) : ITrainingEvaluation
    {
        public string Name => "slow";

        public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
        {
            clock.Advance(TimeSpan.FromSeconds(7));
            return new EvaluationResult { Values = [] };
        }
    }

    /// <summary>Moves only when told.</summary>
    private sealed class ManualClock : TimeProvider
    {
        private long ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => ticks;

        public void Advance(TimeSpan time) => ticks += time.Ticks;
    }
}
