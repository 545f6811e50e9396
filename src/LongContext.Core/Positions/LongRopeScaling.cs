namespace LongContext.Positions;

/// <summary>
/// LongRoPE: every frequency has its own divisor, found by search, one set for sequences within the trained window and one for longer
/// ones (Phi-3). The attention's temperature is corrected for both.
/// </summary>
/// <remarks>
/// Ding et al. 2024, arXiv:2402.13753, §3, in the form of transformers: f_i = 1/(λ_i·θ^(2i/d)); cos and sin are multiplied by
/// <see cref="AttentionFactor"/>, by default √(1 + ln s/ln L₀) with s = <see cref="Factor"/>, itself by default the ratio of the windows.
/// </remarks>
public sealed record LongRopeScaling : RopeScaling
{
    private readonly double[] _shortFactors;
    private readonly double[] _longFactors;

    /// <summary>Makes it.</summary>
    /// <param name="shortFactors">Divisors up to the trained window, one for each rotated pair of a head; finite and above 0.</param>
    /// <param name="longFactors">Divisors beyond it, as many.</param>
    /// <exception cref="ArgumentException">A list is empty, they are of different lengths, or a number is not above 0.</exception>
    public LongRopeScaling(IEnumerable<double> shortFactors, IEnumerable<double> longFactors)
    {
        _shortFactors = Require(shortFactors, nameof(shortFactors));
        _longFactors = Require(longFactors, nameof(longFactors));
        if (_shortFactors.Length != _longFactors.Length)
            throw new ArgumentException($"There are {_longFactors.Length} long factors, expected as many as short ones, {_shortFactors.Length}.", nameof(longFactors));
    }

    /// <summary>Divisors up to the trained window (<c>short_factor</c>).</summary>
    public IReadOnlyList<double> ShortFactors => _shortFactors;

    /// <summary>Divisors beyond it (<c>long_factor</c>).</summary>
    public IReadOnlyList<double> LongFactors => _longFactors;

    /// <summary>s, at least 1; null (the default) for the window over the trained window.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Below 1, infinite or not a number.</exception>
    public double? Factor { get; init => field = value is { } given ? RequireFactor(given, nameof(Factor)) : null; }

    /// <summary>What cos and sin are multiplied by, above 0; null (the default) for what follows from the factor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or infinite.</exception>
    public double? AttentionFactor { get; init => field = RequirePositive(value, nameof(AttentionFactor)); }

    /// <inheritdoc/>
    public override string RopeType => "longrope";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => true;

    /// <inheritdoc/>
    public bool Equals(LongRopeScaling? other) =>
        other is not null && Factor == other.Factor && AttentionFactor == other.AttentionFactor
        && _shortFactors.AsSpan().SequenceEqual(other._shortFactors) && _longFactors.AsSpan().SequenceEqual(other._longFactors);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Factor, AttentionFactor, _shortFactors[0], _longFactors[^1], _longFactors.Length);

    internal override IEnumerable<string> FindFaults(RopeParameters parameters)
    {
        if (_shortFactors.Length != parameters.RotaryDimension / 2)
            yield return $"short_factor and long_factor have {_shortFactors.Length} entries, expected one for each of the {parameters.RotaryDimension / 2} rotated pairs";
        if (AttentionFactor is null && parameters.OriginalMaxPositionEmbeddings < 2)
            yield return $"original_max_position_embeddings is {parameters.OriginalMaxPositionEmbeddings}, expected at least 2, since attention_factor is not given";
    }

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength)
    {
        double[] inverse = new double[_shortFactors.Length];
        double attention = Compute(parameters, sequenceLength, inverse);
        return new RopeFrequencies(inverse, attention);
    }

    internal override double Compute(RopeParameters parameters, int sequenceLength, Span<double> inverse)
    {
        double trained = parameters.OriginalMaxPositionEmbeddings;
        double[] divisors = sequenceLength > trained ? _longFactors : _shortFactors;
        for (int pair = 0; pair < divisors.Length; pair++)
            inverse[pair] = Math.Pow(parameters.Theta, -2.0 * pair / parameters.RotaryDimension) / divisors[pair];

        double factor = Factor ?? (parameters.MaxPositionEmbeddings / trained);
        return AttentionFactor ?? (factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(trained))));
    }

    private static double[] Require(IEnumerable<double> factors, string name)
    {
        ArgumentNullException.ThrowIfNull(factors, name);
        double[] copied = [.. factors];
        if (copied.Length == 0) throw new ArgumentException("The list is empty.", name);
        foreach (double factor in copied)
        {
            if (!double.IsFinite(factor) || factor <= 0) throw new ArgumentException($"The list has {factor}, expected finite numbers above 0.", name);
        }

        return copied;
    }
}
