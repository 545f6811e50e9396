namespace LongContext.Positions;

/// <summary>
/// How a model's rotary positions are stretched beyond the window it was trained for. A closed set of immutable records:
/// <see cref="NoRopeScaling"/>, <see cref="LinearRopeScaling"/>, <see cref="DynamicNtkRopeScaling"/>.
/// </summary>
public abstract record RopeScaling
{
    private protected RopeScaling()
    {
    }

    /// <summary>Plain rotary positions.</summary>
    public static RopeScaling None { get; } = new NoRopeScaling();

    /// <summary>The name of the scheme in a Hugging Face config (<c>rope_type</c>): "default", "linear" or "dynamic".</summary>
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
        parameters.Validate(nameof(parameters));
        return Compute(parameters, sequenceLength);
    }

    /// <summary>The scheme's own formula; the arguments are in range.</summary>
    private protected abstract RopeFrequencies Compute(RopeParameters parameters, int sequenceLength);

    /// <summary>Below 1 a factor would shrink the window: Hugging Face warns, this library refuses.</summary>
    private protected static double RequireFactor(double factor) =>
        double.IsFinite(factor) && factor >= 1
            ? factor
            : throw new ArgumentOutOfRangeException(nameof(factor), factor, "A rope scaling factor must be finite and at least 1.");
}
