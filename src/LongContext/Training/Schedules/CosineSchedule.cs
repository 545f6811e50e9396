namespace LongContext.Training.Schedules;

/// <summary>Half a cosine down to a minimum, which it keeps.</summary>
internal sealed record CosineSchedule(double MinimumRatio) : LearningRateSchedule
{
    private protected override double AfterWarmup(int step, int warmup, int totalSteps)
    {
        double progress = Progress(step, warmup, totalSteps);
        if (progress >= 1) return MinimumRatio;
        // The order of transformers' product (num_cycles 0.5), so that rounding is the same.
        double factor = 0.5 * (1 + Math.Cos(Math.PI * 0.5 * 2 * progress));
        return Math.Max(0, factor * (1 - MinimumRatio) + MinimumRatio);
    }
}
