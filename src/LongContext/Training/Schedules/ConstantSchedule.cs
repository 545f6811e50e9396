namespace LongContext.Training.Schedules;

/// <summary>1.</summary>
internal sealed record ConstantSchedule : LearningRateSchedule
{
    private protected override double AfterWarmup(int step, int warmup, int totalSteps) => 1;
}
