namespace LongContext.Positions;

/// <summary>
/// Position interpolation: positions are squeezed by a factor, so that a window that many times longer falls within the
/// positions the model knows. Needs some fine-tuning to work well.
/// </summary>
/// <remarks>
/// f'(x, m) = f(x, m·L/L') (Chen et al. 2023, arXiv:2306.15595, equation 4): every frequency is divided by the factor L'/L.
/// </remarks>
public sealed record LinearRopeScaling : RopeScaling
{
    /// <summary>Makes position interpolation by a factor.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public LinearRopeScaling(double factor) => Factor = RequireFactor(factor);

    /// <summary>How many times longer the window becomes; at least 1.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public override string RopeType => "linear";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength) =>
        RopeFrequencies.Geometric(parameters.Theta, parameters.RotaryDimension, Factor);
}
