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

    [Theory]
    [InlineData(0.1)]
    [InlineData(1.0)]
    public void Factor_CosineWithAMinimum_EndsThere(double minimum)
    {
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(3, minimum);
        AssertFormula(schedule, 20, 3, step => minimum + (1 - minimum) * (1 + Math.Cos(Math.PI * (step - 3) / 17)) / 2, after: minimum);
    }

    [Fact]
    public void Factor_CosineWithRestarts_BeginsAnew()
    {
        AssertFactors(LearningRateSchedule.CosineWithRestarts(2, 1), 9, [0, 1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2, 1, (1 + Math.Sqrt(0.5)) / 2, 0.5, (1 - Math.Sqrt(0.5)) / 2, 0, 0]);
        AssertFormula(LearningRateSchedule.CosineWithRestarts(3), 30, 0, step => (1 + Math.Cos(Math.PI * (step % 10) / 10)) / 2, after: 0);
    }

    [Fact]
    public void Factor_Polynomial_IsThePowerOfWhatIsLeft()
    {
        AssertFactors(LearningRateSchedule.Polynomial(2, 0, 0.2), 4, [1, 0.2 + 0.8 * 9 / 16, 0.2 + 0.8 / 4, 0.2 + 0.8 / 16, 0.2, 0.2]);
        AssertFormula(LearningRateSchedule.Polynomial(0.5, 4), 20, 4, step => Math.Sqrt((20 - step) / 16.0), after: 0);
    }

    [Fact]
    public void Factor_InverseSquareRoot_FallsWithoutEnd()
    {
        // As transformers: the time scale is the warm-up's unless given, and 10,000 without warm-up.
        AssertFactors(LearningRateSchedule.InverseSquareRoot(4), 8, [0, 0.25, 0.5, 0.75, 1, Math.Sqrt(4 / 5.0), Math.Sqrt(4 / 6.0), Math.Sqrt(4 / 7.0), Math.Sqrt(0.5), Math.Sqrt(4 / 9.0)]);
        AssertFactors(LearningRateSchedule.InverseSquareRoot(1, 3), 2, [0, 1, Math.Sqrt(0.75), Math.Sqrt(0.6), Math.Sqrt(0.5)]);
        Assert.Equal(Math.Sqrt(0.5), LearningRateSchedule.InverseSquareRoot().Factor(10_000, 20_000), 1e-15);
    }

    [Theory]
    [InlineData(DecayShape.Linear)]
    [InlineData(DecayShape.Cosine)]
    [InlineData(DecayShape.OneMinusSquareRoot)]
    public void Factor_WarmupStableDecay_HasThreeStages(DecayShape shape)
    {
        double Shape(double p) => shape == DecayShape.Linear ? 1 - p : shape == DecayShape.Cosine ? (1 + Math.Cos(Math.PI * p)) / 2 : 1 - Math.Sqrt(p);
        foreach (double minimum in new[] { 0, 0.1 })
        {
            foreach (LearningRateSchedule schedule in new[]
            {
                LearningRateSchedule.WarmupStableDecay(8, shape, 5, minimum), LearningRateSchedule.WarmupStableDecayByRatio(0.19, shape, 5, minimum),
            })
            {
                // transformers begins this schedule's warm-up at the minimum.
                for (int step = 0; step < 5; step++) Assert.Equal(minimum + (1 - minimum) * step / 5, schedule.Factor(step, 40), 1e-15);
                for (int step = 5; step < 32; step++) Assert.Equal(1, schedule.Factor(step, 40));
                for (int step = 32; step < 40; step++) Assert.Equal(minimum + (1 - minimum) * Shape((step - 32) / 8.0), schedule.Factor(step, 40), 1e-15);
                for (int step = 40; step < 44; step++) Assert.Equal(minimum, schedule.Factor(step, 40));
            }
        }
    }

    [Fact]
    public void Factor_WarmupAsARatio_IsRoundedUpToSteps()
    {
        foreach (LearningRateSchedule schedule in All(0))
        {
            LearningRateSchedule byRatio = schedule with { WarmupRatio = 0.13 }, bySteps = schedule with { WarmupSteps = 6 };
            for (int step = 0; step < 45; step++) Assert.Equal(bySteps.Factor(step, 40), byRatio.Factor(step, 40));
            // Steps count where both are given.
            for (int step = 0; step < 45; step++) Assert.Equal(bySteps.Factor(step, 40), (bySteps with { WarmupRatio = 0.5 }).Factor(step, 40));
        }
    }

    [Fact]
    public void Factor_WarmupFromAStart_RisesInALine()
    {
        foreach (LearningRateSchedule schedule in All(4))
        {
            LearningRateSchedule started = schedule with { WarmupStartFactor = 0.2 };
            for (int step = 0; step < 4; step++) Assert.Equal(0.2 + 0.2 * step, started.Factor(step, 40), 1e-15);
            for (int step = 4; step < 45; step++) Assert.Equal(schedule.Factor(step, 40), started.Factor(step, 40));
        }
    }

    [Fact]
    public void Factor_OfEverySchedule_StaysBetweenZeroAndOne()
    {
        foreach (int warmup in new[] { 0, 1, 7, 50 })
            foreach (LearningRateSchedule schedule in All(warmup))
                for (int total = 1; total < 30; total++)
                    for (int step = 0; step < 60; step++) Assert.InRange(schedule.Factor(step, total), 0, 1);
    }

    [Fact]
    public void Create_OutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("minimumRatio", () => LearningRateSchedule.Cosine(0, 1.1));
        Assert.Throws<ArgumentOutOfRangeException>("cycles", () => LearningRateSchedule.CosineWithRestarts(0));
        Assert.Throws<ArgumentOutOfRangeException>("power", () => LearningRateSchedule.Polynomial(0));
        Assert.Throws<ArgumentOutOfRangeException>("power", () => LearningRateSchedule.Polynomial(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>("timescale", () => LearningRateSchedule.InverseSquareRoot(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("decaySteps", () => LearningRateSchedule.WarmupStableDecay(-1));
        Assert.Throws<ArgumentOutOfRangeException>("decayRatio", () => LearningRateSchedule.WarmupStableDecayByRatio(double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>("shape", () => LearningRateSchedule.WarmupStableDecay(1, (DecayShape)7));
        Assert.Throws<ArgumentOutOfRangeException>("WarmupRatio", () => LearningRateSchedule.Linear() with { WarmupRatio = -0.1 });
        Assert.Throws<ArgumentOutOfRangeException>("WarmupStartFactor", () => LearningRateSchedule.Linear() with { WarmupStartFactor = 1.1 });
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

    private static LearningRateSchedule[] All(int warmup) =>
    [
        LearningRateSchedule.Constant(warmup), LearningRateSchedule.Linear(warmup), LearningRateSchedule.Cosine(warmup), LearningRateSchedule.Cosine(warmup, 0.1),
        LearningRateSchedule.CosineWithRestarts(3, warmup), LearningRateSchedule.Polynomial(3, warmup), LearningRateSchedule.InverseSquareRoot(warmup, 9),
        LearningRateSchedule.WarmupStableDecay(5, DecayShape.Cosine, warmup), LearningRateSchedule.WarmupStableDecayByRatio(0.2, DecayShape.Linear, warmup),
    ];

    /// <summary>The formula between warm-up and the end, a value after it.</summary>
    private static void AssertFormula(LearningRateSchedule schedule, int totalSteps, int warmup, Func<int, double> formula, double after)
    {
        for (int step = 0; step < warmup; step++) Assert.Equal(step / (double)warmup, schedule.Factor(step, totalSteps), 1e-15);
        for (int step = warmup; step < totalSteps; step++) Assert.Equal(formula(step), schedule.Factor(step, totalSteps), 1e-15);
        for (int step = totalSteps; step < totalSteps + 5; step++) Assert.Equal(after, schedule.Factor(step, totalSteps));
    }

    private static void AssertFactors(LearningRateSchedule schedule, int totalSteps, double[] expected)
    {
        for (int step = 0; step < expected.Length; step++) Assert.Equal(expected[step], schedule.Factor(step, totalSteps), 1e-15);
    }
}
