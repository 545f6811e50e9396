namespace LongContext.Training.Schedules;

/// <summary>A power of what is left, down to a minimum, which it keeps.</summary>
internal sealed record PolynomialSchedule(double Power, double MinimumRatio) : LearningRateSchedule
{
    private protected override double AfterWarmup(int step, int warmup, int totalSteps)
    {
        double left = 1 - Progress(step, warmup, totalSteps);
        return left <= 0 ? MinimumRatio : (1 - MinimumRatio) * Math.Pow(left, Power) + MinimumRatio;
    }
}
