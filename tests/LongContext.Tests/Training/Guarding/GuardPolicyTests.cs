using LongContext.Training;
using LongContext.Training.Guarding;

namespace LongContext.Tests.Training.Guarding;

public sealed class GuardPolicyTests
{
    private static readonly GuardState Calm = new() { Losses = [2.0, 2.1, 1.9, 2.05, 1.95], SkippedSteps = 3, SkipsInARow = 1, RollBacks = 1 };

    private static TrainingGuardOptions Options(GuardAction nonFinite = GuardAction.Stop, GuardAction spike = GuardAction.Ignore) => new()
    {
        NonFinite = nonFinite, Spike = spike, SpikeWindow = 5, SpikeWarmupSteps = 5, MaximumSkipsInARow = 2, MaximumRollBacks = 2,
    };

    [Theory]
    [InlineData(double.NaN, 1.0, "loss")]
    [InlineData(double.PositiveInfinity, double.NaN, "loss")]
    [InlineData(2.0, double.NaN, "gradient norm")]
    [InlineData(2.0, double.PositiveInfinity, "gradient norm")]
    public void Decide_NotFinite_StopsSkipsOrGoesBack(double loss, double norm, string quantity)
    {
        GuardVerdict stop = GuardPolicy.Decide(Options(), Calm, 9, loss, norm);
        NonFiniteLossException fault = Assert.IsType<NonFiniteLossException>(stop.Fault);
        Assert.Equal(9, fault.Step);
        Assert.Contains($"The {quantity} of step 9 is ", fault.Message, StringComparison.Ordinal);

        GuardVerdict skip = GuardPolicy.Decide(Options(GuardAction.SkipStep), Calm, 9, loss, norm);
        Assert.Equal((StepOutcome.Skipped, Calm with { SkippedSteps = 4, SkipsInARow = 2 }), (skip.Outcome, skip.State));
        Assert.Null(skip.Fault);
        Assert.Contains(quantity, skip.Reason, StringComparison.Ordinal);

        GuardVerdict back = GuardPolicy.Decide(Options(GuardAction.RollBack), Calm, 9, loss, norm);
        Assert.Equal((StepOutcome.RolledBack, 2), (back.Outcome, back.State.RollBacks));
        Assert.Null(back.Fault);
    }

    [Fact]
    public void Decide_TooManySkipsInARow_Stops()
    {
        GuardState state = GuardState.Start;
        TrainingGuardOptions options = Options(GuardAction.SkipStep);
        for (int i = 1; i <= 2; i++) state = GuardPolicy.Decide(options, state, i, double.NaN, 0).State;
        Assert.Contains("2 steps before it were skipped", GuardPolicy.Decide(options, state, 3, double.NaN, 0).Fault!.Message, StringComparison.Ordinal);
        // An applied step in between begins the count anew, but not the sum.
        state = GuardPolicy.Decide(options, state, 3, 1, 1).State;
        Assert.Equal((2, 0), (state.SkippedSteps, state.SkipsInARow));
        Assert.Null(GuardPolicy.Decide(options, state, 4, double.NaN, 0).Fault);
    }

    [Fact]
    public void Decide_TooManyRollBacks_Stops()
    {
        GuardVerdict verdict = GuardPolicy.Decide(Options(GuardAction.RollBack), Calm with { RollBacks = 2 }, 5, double.NaN, 0);
        Assert.Contains("went back 2 times already", verdict.Fault!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Decide_Spike_DoesWhatIsAsked()
    {
        Assert.Equal(StepOutcome.Applied, GuardPolicy.Decide(Options(), Calm, 9, 50, 1).Outcome);

        GuardVerdict warn = GuardPolicy.Decide(Options(spike: GuardAction.Warn), Calm, 9, 50, 1);
        Assert.Equal(StepOutcome.Applied, warn.Outcome);
        Assert.Contains("spike", warn.Reason, StringComparison.Ordinal);
        Assert.Equal([2.1, 1.9, 2.05, 1.95, 50], warn.State.Losses);

        LossSpikeException fault = Assert.IsType<LossSpikeException>(GuardPolicy.Decide(Options(spike: GuardAction.Stop), Calm, 9, 50, 1).Fault);
        Assert.Equal((9, 50.0), (fault.Step, fault.Loss));
        Assert.Equal(SpikeDetector.Limit(Calm.Losses, Options())!.Value, fault.Limit);

        GuardVerdict skip = GuardPolicy.Decide(Options(spike: GuardAction.SkipStep), Calm, 9, 50, 1);
        Assert.Equal((StepOutcome.Skipped, 4), (skip.Outcome, skip.State.SkippedSteps));
        Assert.Same(Calm.Losses, skip.State.Losses); // a loss that was not learned from says nothing of the next

        Assert.Equal(StepOutcome.RolledBack, GuardPolicy.Decide(Options(spike: GuardAction.RollBack), Calm, 9, 50, 1).Outcome);
    }

    [Fact]
    public void Decide_LossesAtTheLimit_AreNoSpike()
    {
        TrainingGuardOptions options = Options(spike: GuardAction.Stop);
        double limit = SpikeDetector.Limit(Calm.Losses, options)!.Value;
        Assert.Null(GuardPolicy.Decide(options, Calm, 9, limit, 1).Fault);
        Assert.NotNull(GuardPolicy.Decide(options, Calm, 9, Math.BitIncrement(limit), 1).Fault);
        Assert.Null(GuardPolicy.Decide(options, Calm, 9, -100, 1).Fault); // falling is never one
    }

    [Fact]
    public void Decide_GoodStep_KeepsTheWindowOnlyWhereItIsUsed()
    {
        Assert.Empty(GuardPolicy.Decide(Options(), Calm, 9, 2, 1).State.Losses);
        GuardVerdict watched = GuardPolicy.Decide(Options(spike: GuardAction.Warn), Calm, 9, 2, 1);
        Assert.Equal([2.1, 1.9, 2.05, 1.95, 2], watched.State.Losses);
        Assert.Equal((3, 0, 1), (watched.State.SkippedSteps, watched.State.SkipsInARow, watched.State.RollBacks));
        Assert.Null(watched.Reason);
    }
}
