namespace LongContext.Positions;

/// <summary>
/// NTK-aware scaling by a fixed change of the base: slow frequencies are slowed by about the factor, fast ones hardly. Works to a
/// degree without fine-tuning, at some cost to short texts, and serves as a start for it.
/// </summary>
/// <remarks>
/// <para>θ' = θ·s^(d/(d − 2)), d the rotary dimension (Peng et al. 2023, arXiv:2309.00071, §3.1, definition 1).</para>
/// <para>Config files have no name for it: it is written as the base it gives, with rotary type "default", which every program reads.</para>
/// </remarks>
public sealed record NtkAwareRopeScaling : RopeScaling
{
    /// <summary>Makes NTK-aware scaling by a factor.</summary>
    /// <param name="factor">How many times longer the window becomes; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public NtkAwareRopeScaling(double factor) => Factor = RequireFactor(factor);

    /// <summary>How many times longer the window becomes; at least 1.</summary>
    public double Factor { get; }

    /// <summary>"default": see the remarks.</summary>
    public override string RopeType => "default";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    /// <summary>The base that it gives, for d rotary dimensions.</summary>
    internal double BaseFor(double theta, int rotaryDimension) => theta * NtkGrowth(Factor, rotaryDimension);

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength) =>
        RopeFrequencies.Geometric(BaseFor(parameters.Theta, parameters.RotaryDimension), parameters.RotaryDimension);
}
