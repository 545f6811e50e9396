namespace LongContext.Positions;

/// <summary>
/// Dynamic NTK-aware scaling: within the trained window nothing changes; beyond it the base grows with the sequence, which
/// slows the slow frequencies and leaves the fast ones nearly alone. Works to a degree without fine-tuning.
/// </summary>
/// <remarks>
/// <para>θ' = θ·(s·L/L₀ − (s − 1))^(d/(d − 2)) with L = max(sequence length, L₀), L₀ the trained window and d the rotary
/// dimension, as transformers computes it ("dynamic"); the idea is described in Peng et al. 2023, arXiv:2309.00071, §3.1 and
/// §3.3.</para>
/// <para>transformers takes L₀ from <c>max_position_embeddings</c> even where the config also gives
/// <c>original_max_position_embeddings</c>.</para>
/// </remarks>
public sealed record DynamicNtkRopeScaling : RopeScaling
{
    /// <summary>Makes dynamic NTK-aware scaling by a factor.</summary>
    /// <param name="factor">How strongly the base grows past the trained window; finite and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The factor is below 1, infinite or not a number.</exception>
    public DynamicNtkRopeScaling(double factor) => Factor = RequireFactor(factor);

    /// <summary>How strongly the base grows past the trained window; at least 1.</summary>
    public double Factor { get; }

    /// <inheritdoc/>
    public override string RopeType => "dynamic";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => true;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength) =>
        RopeFrequencies.Geometric(Base(parameters, sequenceLength), parameters.RotaryDimension);

    internal override double Compute(RopeParameters parameters, int sequenceLength, Span<double> inverse)
    {
        RopeFrequencies.Geometric(Base(parameters, sequenceLength), parameters.RotaryDimension, inverse);
        return 1;
    }

    private double Base(RopeParameters parameters, int sequenceLength)
    {
        double trained = parameters.MaxPositionEmbeddings;
        double length = Math.Max(sequenceLength, trained);
        return parameters.Theta * NtkGrowth((Factor * length / trained) - (Factor - 1), parameters.RotaryDimension);
    }
}
