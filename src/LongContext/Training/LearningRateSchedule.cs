using LongContext.Training.Schedules;

namespace LongContext.Training;

/// <summary>
/// The factor on the learning rate at each step. Steps count from 0; warm-up rises from <see cref="WarmupStartFactor"/> at step 0
/// to 1 at the step where it ends. Values are those of transformers' schedules of the same names.
/// </summary>
/// <remarks>Schedules are records: <c>LearningRateSchedule.Cosine() with { WarmupRatio = 0.03 }</c>.</remarks>
public abstract record LearningRateSchedule
{
    private readonly int warmupSteps;
    private readonly double? warmupRatio;
    private readonly double? warmupStartFactor;

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

    /// <summary>
    /// Warm-up as a share of the run, rounded up to whole steps; in [0, 1]. Null (the default) for none. Where
    /// <see cref="WarmupSteps"/> is not 0 it is used instead, as in transformers.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1].</exception>
    public double? WarmupRatio
    {
        get => warmupRatio;
        init => warmupRatio = value is { } ratio ? Ratio(ratio, nameof(WarmupRatio)) : null;
    }

    /// <summary>
    /// Factor at step 0 of a warm-up; in [0, 1]. Null (the default) for 0, and for the minimum ratio in the schedule of three
    /// stages, as in transformers.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside [0, 1].</exception>
    public double? WarmupStartFactor
    {
        get => warmupStartFactor;
        init => warmupStartFactor = value is { } factor ? Ratio(factor, nameof(WarmupStartFactor)) : null;
    }

    /// <summary>1 after warm-up.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    public static LearningRateSchedule Constant(int warmupSteps = 0) => new ConstantSchedule { WarmupSteps = warmupSteps };

    /// <summary>From 1 after warm-up down to 0 at the last step's end, in a line.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    public static LearningRateSchedule Linear(int warmupSteps = 0) => new LinearSchedule { WarmupSteps = warmupSteps };

    /// <summary>From 1 after warm-up down to a minimum at the last step's end, along half a cosine: (1 + cos(π · progress)) / 2.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <param name="minimumRatio">Factor at the end; in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule Cosine(int warmupSteps = 0, double minimumRatio = 0) =>
        new CosineSchedule(Ratio(minimumRatio, nameof(minimumRatio))) { WarmupSteps = warmupSteps };

    /// <summary>Half a cosine from 1 to 0, several times over, jumping back to 1 in between.</summary>
    /// <param name="cycles">How many times; at least 1.</param>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule CosineWithRestarts(int cycles, int warmupSteps = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cycles, 1);
        return new CosineWithRestartsSchedule(cycles) { WarmupSteps = warmupSteps };
    }

    /// <summary>From 1 after warm-up down to a minimum: (1 − minimum) · (1 − progress)^power + minimum.</summary>
    /// <param name="power">The exponent; positive. 1 is a line.</param>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <param name="minimumRatio">Factor at the end; in [0, 1]. transformers' lr_end is this times the learning rate.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule Polynomial(double power, int warmupSteps = 0, double minimumRatio = 0)
    {
        if (!(power > 0 && double.IsFinite(power))) throw new ArgumentOutOfRangeException(nameof(power), power, "The exponent must be positive.");
        return new PolynomialSchedule(power, Ratio(minimumRatio, nameof(minimumRatio))) { WarmupSteps = warmupSteps };
    }

    /// <summary>1 / √((step − warm-up + timescale) / timescale) after warm-up: does not depend on the run's length.</summary>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <param name="timescale">Steps after which the factor is 1/√2; null for the steps of warm-up, or 10,000 where there are none.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule InverseSquareRoot(int warmupSteps = 0, int? timescale = null)
    {
        if (timescale is { } steps) ArgumentOutOfRangeException.ThrowIfLessThan(steps, 1, nameof(timescale));
        return new InverseSquareRootSchedule(timescale) { WarmupSteps = warmupSteps };
    }

    /// <summary>Warm-up, 1 until the decay begins, decay over the run's last steps (WSD: MiniCPM, arXiv:2404.06395).</summary>
    /// <param name="decaySteps">Steps of decay; not negative.</param>
    /// <param name="shape">Form of the decay.</param>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <param name="minimumRatio">Factor at the end, and by default at the start of warm-up; in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule WarmupStableDecay(
        int decaySteps, DecayShape shape = DecayShape.Cosine, int warmupSteps = 0, double minimumRatio = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(decaySteps);
        return new WarmupStableDecaySchedule(decaySteps, DecayRatio: null, Defined(shape), Ratio(minimumRatio, nameof(minimumRatio))) { WarmupSteps = warmupSteps };
    }

    /// <summary>As <see cref="WarmupStableDecay"/>, with the decay as a share of the run, rounded up to whole steps.</summary>
    /// <param name="decayRatio">Share of the run; in [0, 1]. The paper finds a tenth enough.</param>
    /// <param name="shape">Form of the decay.</param>
    /// <param name="warmupSteps">Steps of linear warm-up.</param>
    /// <param name="minimumRatio">Factor at the end, and by default at the start of warm-up; in [0, 1].</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of its range.</exception>
    public static LearningRateSchedule WarmupStableDecayByRatio(
        double decayRatio = 0.1, DecayShape shape = DecayShape.Cosine, int warmupSteps = 0, double minimumRatio = 0) =>
        new WarmupStableDecaySchedule(0, Ratio(decayRatio, nameof(decayRatio)), Defined(shape), Ratio(minimumRatio, nameof(minimumRatio))) { WarmupSteps = warmupSteps };

    /// <summary>The factor on the learning rate, from 0 to 1.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="step"/> is negative or <paramref name="totalSteps"/> below 1.</exception>
    public double Factor(int step, int totalSteps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentOutOfRangeException.ThrowIfLessThan(totalSteps, 1);
        int warmup = WarmupSteps > 0 ? WarmupSteps : StepsOf(WarmupRatio ?? 0, totalSteps);
        if (step >= warmup) return AfterWarmup(step, warmup, totalSteps);
        double start = WarmupStartFactor ?? DefaultStartFactor, progress = step / (double)warmup;
        return progress * (1 - start) + start;
    }

    /// <summary>The factor once warm-up is over.</summary>
    /// <param name="step">The step; may pass the total.</param>
    /// <param name="warmup">Steps of warm-up; may pass the total.</param>
    /// <param name="totalSteps">Steps of the whole run.</param>
    private protected abstract double AfterWarmup(int step, int warmup, int totalSteps);

    /// <summary>Factor at step 0 of a warm-up that nothing else is said about.</summary>
    private protected virtual double DefaultStartFactor => 0;

    /// <summary>0 at the end of warm-up, 1 at the end of the run; may pass 1.</summary>
    private protected static double Progress(int step, int warmup, int totalSteps) => (step - warmup) / (double)Math.Max(1, totalSteps - warmup);

    /// <summary>A share of the run in whole steps, rounded up.</summary>
    private protected static int StepsOf(double ratio, int totalSteps) => (int)Math.Ceiling(totalSteps * ratio);

    private static double Ratio(double value, string name) =>
        value is >= 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(name, value, "A share must be in [0, 1].");

    private static DecayShape Defined(DecayShape shape) =>
        Enum.IsDefined(shape) ? shape : throw new ArgumentOutOfRangeException(nameof(shape), shape, "Not a form of decay.");
}
