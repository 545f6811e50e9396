namespace LongContext.Positions;

/// <summary>
/// p-RoPE: only the fastest part of the frequencies turns, the slow ones stand still; with a factor, the turning ones are interpolated.
/// Unlike a partial rotary factor with other types, the exponents count over the whole head, and the whole head is rotated.
/// </summary>
/// <remarks>
/// Barbero et al. 2024, arXiv:2410.06205, §6: f_i = θ^(−2i/D)/s for i &lt; ⌊p·D/2⌋ and 0 for the rest, with p the
/// <see cref="RopeParameters.PartialRotaryFactor"/> and D the head's size (not the rotated part's).
/// </remarks>
public sealed record ProportionalRopeScaling : RopeScaling
{
    /// <summary>Makes it.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1. Default 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public ProportionalRopeScaling(double factor = 1) => Factor = RequireFactor(factor);

    /// <summary>How many times longer the window becomes; at least 1.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public override string RopeType => "proportional";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    internal override bool RotatesWholeHead => true;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength)
    {
        double[] inverse = new double[parameters.HeadDimension / 2];
        int turning = (int)Math.Floor(parameters.PartialRotaryFactor * parameters.HeadDimension / 2);
        for (int pair = 0; pair < turning; pair++)
            inverse[pair] = Math.Pow(parameters.Theta, -2.0 * pair / parameters.HeadDimension) / Factor;
        return new RopeFrequencies(inverse);
    }
}
