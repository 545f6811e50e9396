namespace LongContext.Positions;

/// <summary>Plain rotary positions: the model sees positions as it was trained to.</summary>
/// <remarks>Frequencies θ^(−2i/d), i = 0 … d/2 − 1 (Su et al. 2021, arXiv:2104.09864, §3.2.2).</remarks>
public sealed record NoRopeScaling : RopeScaling
{
    internal NoRopeScaling()
    {
    }

    /// <inheritdoc/>
    public override string RopeType => "default";

    /// <inheritdoc/>
    public override bool DependsOnSequenceLength => false;

    private protected override RopeFrequencies Compute(RopeParameters parameters, int sequenceLength) =>
        RopeFrequencies.Geometric(parameters.Theta, parameters.RotaryDimension);
}
