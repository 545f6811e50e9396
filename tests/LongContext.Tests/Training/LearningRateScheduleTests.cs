using LongContext.Training;

namespace LongContext.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Factor_Constant_IsOneAfterWarmup()
    {
        AssertFactors(LearningRateSchedule.Constant(), 3, [1, 1, 1, 1]);
        AssertFactors(LearningRateSchedule.Constant(4), 6, [0, 0.25, 0.5, 0.75, 1, 1, 1]);
    }

    [Fact]
    public void Factor_Linear_FallsToNothing()
    {
        AssertFactors(LearningRateSchedule.Linear(), 4, [1, 0.75, 0.5, 0.25, 0, 0]);
        AssertFactors(LearningRateSchedule.Linear(2), 6, [0, 0.5, 1, 0.75, 0.5, 0.25, 0, 0]);
    }

    [Fact]
    public void Factor_Cosine_FallsAlongHalfACosine()
    {
        double r = Math.Sqrt(0.5);
        AssertFactors(LearningRateSchedule.Cosine(), 4, [1, (1 + r) / 2, 0.5, (1 - r) / 2, 0, 0]);
        AssertFactors(LearningRateSchedule.Cosine(2), 6, [0, 0.5, 1, (1 + r) / 2, 0.5, (1 - r) / 2, 0, 0]);
    }

    [Fact]
    public void Factor_WarmupLongerThanTheRun_OnlyRises()
    {
        foreach (LearningRateSchedule schedule in new[] { LearningRateSchedule.Constant(8), LearningRateSchedule.Linear(8), LearningRateSchedule.Cosine(8) })
            AssertFactors(schedule, 4, [0, 0.125, 0.25, 0.375]);
    }

    [Fact]
    public void Factor_OutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("step", () => LearningRateSchedule.Linear().Factor(-1, 4));
        Assert.Throws<ArgumentOutOfRangeException>("totalSteps", () => LearningRateSchedule.Linear().Factor(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("WarmupSteps", () => LearningRateSchedule.Cosine(-1));
    }

    private static void AssertFactors(LearningRateSchedule schedule, int totalSteps, double[] expected)
    {
        for (int step = 0; step < expected.Length; step++) Assert.Equal(expected[step], schedule.Factor(step, totalSteps), 1e-15);
    }
}
