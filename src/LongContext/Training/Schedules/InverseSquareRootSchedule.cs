namespace LongContext.Training.Schedules;

/// <summary>Falls with the root of the steps, without end.</summary>
internal sealed record InverseSquareRootSchedule(int? Timescale) : LearningRateSchedule
{
    private const int WithoutWarmup = 10_000;

    private protected override double AfterWarmup(int step, int warmup, int totalSteps)
    {
        double timescale = Timescale ?? (warmup > 0 ? warmup : WithoutWarmup);
        return 1 / Math.Sqrt((step + (timescale - warmup)) / timescale);
    }
}
