namespace LongContext.Training.Schedules;

/// <summary>A line down to 0.</summary>
internal sealed record LinearSchedule : LearningRateSchedule
{
    private protected override double AfterWarmup(int step, int warmup, int totalSteps) => Math.Max(0, 1 - Progress(step, warmup, totalSteps));
}
