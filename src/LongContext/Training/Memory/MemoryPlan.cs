namespace LongContext.Training.Memory;

/// <summary>The fastest policy that fits, and what it takes.</summary>
/// <param name="Estimate">Memory by part, with the policy.</param>
/// <param name="Fits">Whether it fits the limits; if not, the estimate is of the policy that comes nearest.</param>
public sealed record MemoryPlan(MemoryEstimate Estimate, bool Fits)
{
    /// <summary>The policy to use.</summary>
    public ActivationPolicy Policy => Estimate.Policy;

    /// <inheritdoc />
    public override string ToString() => (Fits ? "fits: " : "does not fit: ") + Estimate;
}
