namespace LongContext.Training.Schedules;

/// <summary>1 until the decay begins, which ends with the run.</summary>
/// <param name="DecaySteps">Steps of decay where there is no ratio.</param>
/// <param name="DecayRatio">Steps of decay as a share of the run.</param>
/// <param name="Shape">Form of the decay.</param>
/// <param name="MinimumRatio">Factor at the end and, as in transformers, at the start of warm-up.</param>
internal sealed record WarmupStableDecaySchedule(int DecaySteps, double? DecayRatio, DecayShape Shape, double MinimumRatio) : LearningRateSchedule
{
    private protected override double DefaultStartFactor => MinimumRatio;

    private protected override double AfterWarmup(int step, int warmup, int totalSteps)
    {
        int decay = DecayRatio is { } ratio ? StepsOf(ratio, totalSteps) : DecaySteps, begins = totalSteps - decay;
        if (step < begins) return 1;
        if (step >= totalSteps) return MinimumRatio;
        double progress = (step - begins) / (double)Math.Max(1, decay);
        double factor = Shape switch
        {
            DecayShape.Linear => 1 - progress,
            DecayShape.Cosine => 0.5 * (1 + Math.Cos(Math.PI * 0.5 * 2 * progress)),
            _ => 1 - Math.Sqrt(progress),
        };
        return Math.Max(0, factor * (1 - MinimumRatio) + MinimumRatio);
    }
}
