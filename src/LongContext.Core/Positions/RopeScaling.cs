namespace LongContext.Positions;

/// <summary>
/// How a model's rotary positions are stretched beyond the window it was trained for. A closed set of immutable records:
/// <see cref="NoRopeScaling"/>, <see cref="LinearRopeScaling"/>, <see cref="NtkAwareRopeScaling"/>, <see cref="DynamicNtkRopeScaling"/>,
/// <see cref="DynamicNtkAlphaRopeScaling"/>, <see cref="YarnRopeScaling"/>, <see cref="Llama3RopeScaling"/>,
/// <see cref="LongRopeScaling"/>, <see cref="ProportionalRopeScaling"/>.
/// </summary>
public abstract record RopeScaling
{
    private protected RopeScaling()
    {
    }

    /// <summary>Plain rotary positions.</summary>
    public static RopeScaling None { get; } = new NoRopeScaling();

    /// <summary>The name of the scheme in a Hugging Face config (<c>rope_type</c>): "default", "linear", "dynamic", "yarn" and so on.</summary>
    public abstract string RopeType { get; }

    /// <summary>Whether the frequencies change with the sequence length, so that they cannot be computed once for a model.</summary>
    public abstract bool DependsOnSequenceLength { get; }

    /// <summary>Position interpolation: see <see cref="LinearRopeScaling"/>.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling Linear(double factor) => new LinearRopeScaling(factor);

    /// <summary>Dynamic NTK-aware scaling: see <see cref="DynamicNtkRopeScaling"/>.</summary>
    /// <param name="factor">How strongly the base grows past the trained window; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling DynamicNtk(double factor) => new DynamicNtkRopeScaling(factor);

    /// <summary>NTK-aware scaling by a fixed change of the base: see <see cref="NtkAwareRopeScaling"/>.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling NtkAware(double factor) => new NtkAwareRopeScaling(factor);

    /// <summary>YaRN with its usual settings: see <see cref="YarnRopeScaling"/>.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling Yarn(double factor) => new YarnRopeScaling(factor);

    /// <summary>Llama 3.1's scaling with its usual settings: see <see cref="Llama3RopeScaling"/>.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling Llama3(double factor) => new Llama3RopeScaling(factor);

    /// <summary>LongRoPE: see <see cref="LongRopeScaling"/>.</summary>
    /// <param name="shortFactors">Divisors up to the trained window, one for each rotated pair of a head; finite and above 0.</param>
    /// <param name="longFactors">Divisors beyond it, as many.</param>
    /// <exception cref="ArgumentException">A list is empty, they are of different lengths, or a number is not above 0.</exception>
    public static RopeScaling LongRope(IEnumerable<double> shortFactors, IEnumerable<double> longFactors) => new LongRopeScaling(shortFactors, longFactors);

    /// <summary>p-RoPE: see <see cref="ProportionalRopeScaling"/>.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1. Default 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public static RopeScaling Proportional(double factor = 1) => new ProportionalRopeScaling(factor);

    /// <summary>The frequencies for sequences of a length, in double precision. A pure function.</summary>
    /// <param name="parameters">The model's base, head size and trained window.</param>
    /// <param name="sequenceLength">
    /// Length, in tokens, of the sequence to be rotated; not negative. Only schemes that
    /// <see cref="DependsOnSequenceLength">depend on it</see> look at it.
    /// </param>
    /// <exception cref="ArgumentException">The parameters are out of range; the message names every fault.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public RopeFrequencies ComputeFrequencies(RopeParameters parameters, int sequenceLength)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentOutOfRangeException.ThrowIfNegative(sequenceLength);
        List<string> faults = parameters.FindFaults(RotatesWholeHead);
        if (faults.Count == 0) faults.AddRange(FindFaults(parameters));
        if (faults.Count > 0) throw new ArgumentException(string.Join("; ", faults) + ".", nameof(parameters));
        return Compute(parameters, sequenceLength);
    }

    /// <summary>The scheme's own formula; the arguments are in range.</summary>
    private protected abstract RopeFrequencies Compute(RopeParameters parameters, int sequenceLength);

    /// <summary>The same into memory of the caller's, for schemes that need new ones at each length; the parameters were checked before.</summary>
    /// <returns>The attention factor.</returns>
    internal virtual double Compute(RopeParameters parameters, int sequenceLength, Span<double> inverse)
    {
        RopeFrequencies frequencies = Compute(parameters, sequenceLength);
        frequencies.InverseFrequencies.CopyTo(inverse);
        return frequencies.AttentionFactor;
    }

    /// <summary>Whether the frequencies are for the whole head, whatever the partial rotary factor.</summary>
    internal virtual bool RotatesWholeHead => false;

    /// <summary>What keeps the scheme from working with a model, by the names of config files.</summary>
    internal virtual IEnumerable<string> FindFaults(RopeParameters parameters) => [];

    /// <summary>s^(d/(d − 2)), the growth of the base that slows the slowest frequency by s.</summary>
    private protected static double NtkGrowth(double factor, int rotaryDimension)
    {
        // With two rotary dimensions the exponent is infinite, but the only frequency is θ'^0 = 1 whatever the base.
        double dimension = rotaryDimension;
        return Math.Pow(factor, dimension / (dimension - 2));
    }

    /// <summary>Below 1 a factor would shrink the window: Hugging Face warns, this library refuses.</summary>
    private protected static double RequireFactor(double factor, string name = "factor") =>
        double.IsFinite(factor) && factor >= 1
            ? factor
            : throw new ArgumentOutOfRangeException(name, factor, "A rope scaling factor must be finite and at least 1.");

    /// <summary>Null, or a finite number above 0.</summary>
    private protected static double? RequirePositive(double? value, string name) =>
        value is null || (double.IsFinite(value.Value) && value > 0)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, "It must be finite and above 0.");

    /// <summary>Null, or a finite number of at least 0.</summary>
    private protected static double? RequireNotNegative(double? value, string name) =>
        value is null || (double.IsFinite(value.Value) && value >= 0)
            ? value
            : throw new ArgumentOutOfRangeException(name, value, "It must be finite and at least 0.");
}
