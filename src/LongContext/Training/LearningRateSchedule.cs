namespace LongContext.Training;

/// <summary>
/// The factor on the learning rate at each step. Steps count from 0; warm-up rises from 0 at step 0 to 1 at step
/// <see cref="WarmupSteps"/>, as in transformers' schedules of the same names.
/// </summary>
public abstract record LearningRateSchedule
{
    private readonly int warmupSteps;

    private protected LearningRateSchedule()
    {
    }

    /// <summary>Steps of linear warm-up. Default 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int WarmupSteps
    {
        get => warmupSteps;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value, nameof(WarmupSteps));
            warmupSteps = value;
        }
    }

    /// <summary>1 after warm-up.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    public static LearningRateSchedule Constant(int warmupSteps = 0) => new ConstantSchedule { WarmupSteps = warmupSteps };

    /// <summary>From 1 after warm-up down to 0 at the last step's end, in a line.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    public static LearningRateSchedule Linear(int warmupSteps = 0) => new LinearSchedule { WarmupSteps = warmupSteps };

    /// <summary>From 1 after warm-up down to 0 at the last step's end, along half a cosine: (1 + cos(π · progress)) / 2.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    public static LearningRateSchedule Cosine(int warmupSteps = 0) => new CosineSchedule { WarmupSteps = warmupSteps };

    /// <summary>The factor on the learning rate, from 0 to 1.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative or <paramref name="totalSteps"/> below 1.</exception>
    public double Factor(int step, int totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        if (step < WarmupSteps) return step / (double)Math.Max(1, WarmupSteps);
        return AfterWarmup((step - WarmupSteps) / (double)Math.Max(1, totalSteps - WarmupSteps));
    }

    /// <summary>The factor once warm-up is over.</summary>
    /// <param name="progress">0 at the end of warm-up, 1 at the end of the run; may pass 1.</param>
    private protected abstract double AfterWarmup(double progress);

    private sealed record ConstantSchedule : LearningRateSchedule
    {
        private protected override double AfterWarmup(double progress) => 1;
    }

    private sealed record LinearSchedule : LearningRateSchedule
    {
        private protected override double AfterWarmup(double progress) => Math.Max(0, 1 - progress);
    }

    private sealed record CosineSchedule : LearningRateSchedule
    {
        private protected override double AfterWarmup(double progress) => progress >= 1 ? 0 : Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * 0.5 * 2 * progress)));
    }
}
