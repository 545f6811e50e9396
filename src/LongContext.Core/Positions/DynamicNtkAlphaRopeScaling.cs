namespace LongContext.Positions;

/// <summary>
/// The "alpha" form of rotary type "dynamic": despite the name the base is changed once and for all, whatever the length.
/// </summary>
/// <remarks>θ' = θ·α^(d/(d − 2)), d the rotary dimension, as vLLM and the Hunyuan models compute it (<c>alpha</c> in place of <c>factor</c>).</remarks>
public sealed record DynamicNtkAlphaRopeScaling : RopeScaling
{
    /// <summary>Makes it.</summary>
    /// <param name="alpha">α, finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">α is below 1, infinite or not a number.</exception>
    public DynamicNtkAlphaRopeScaling(double alpha) => Alpha = RequireFactor(alpha, nameof(alpha));

    /// <summary>α, at least 1.</summary>
    public double Alpha { get; }

    /// <inheritdoc/>
    public override string RopeType => "dynamic";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength) =>
        RopeFrequencies.Geometric(parameters.Theta * NtkGrowth(Alpha, parameters.RotaryDimension), parameters.RotaryDimension);
}
