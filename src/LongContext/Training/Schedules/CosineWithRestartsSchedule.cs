namespace LongContext.Training.Schedules;

/// <summary>Half a cosine down to 0, begun anew each cycle.</summary>
internal sealed record CosineWithRestartsSchedule(int Cycles) : LearningRateSchedule
{
    private protected override double AfterWarmup(int step, int warmup, int totalSteps)
    {
        double progress = Progress(step, warmup, totalSteps);
        return progress >= 1 ? 0 : Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * (Cycles * progress % 1))));
    }
}
