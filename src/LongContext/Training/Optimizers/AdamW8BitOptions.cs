using LongContext.Models;

namespace LongContext.Training.Optimizers;

/// <summary>
/// AdamW whose state is kept in 8 bits a value: blocks of 256 values with their largest magnitude in float32, and dynamic-tree codes
/// (Dettmers et al. 2022, arXiv:2110.02861), signed for the mean, unsigned for the mean of squares. 2.03 bytes a value.
/// </summary>
/// <remarks>
/// The paper has blocks of 2,048; bitsandbytes came down to 256 in version 0.44, for accuracy, as is done here. The step's own
/// state is not rounded: codes are made after the weight is updated. A mean of squares that is not 0 never gets the code of 0,
/// which would let the next update divide by ε alone.
/// </remarks>
public sealed class AdamW8BitOptions : OptimizerOptions
{
    /// <summary>The defaults.</summary>
    public AdamW8BitOptions()
        : base(weightDecay: 0.1)
    {
    }

    /// <summary>Decay of the mean of gradients. Default 0.9; in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients. Default 0.95, as language models are trained; in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the mean of squares. Default 1e-8; positive.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Parameters of fewer values, and all of one dimension, keep their state in float32. Default 4096; not negative.</summary>
    public int MinimumSize { get; init; } = 4096;

    internal override string Name => "AdamW8Bit";

    internal override IEnumerable<(string Name, object? Value)> StateConstants => [(nameof(Beta1), Beta1), (nameof(Beta2), Beta2), (nameof(MinimumSize), MinimumSize)];

    internal override Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed) =>
        new AdamW8Bit(parameters, this, groups, seed);

    /// <summary>Whether a parameter's state is in 8 bits.</summary>
    internal bool IsBlockwise(long[] shape) => shape.Length > 1 && Count(shape) >= MinimumSize;

    private protected override long OwnStateBytes(long[] shape, int size) => IsBlockwise(shape)
        ? 2 * (Count(shape) + (sizeof(float) * BlockwiseAdamWKernel.Blocks(Count(shape)))) : 2 * size * Count(shape);

    private protected override IEnumerable<string> OwnFaults()
    {
        if (DecayFault(Beta1, nameof(Beta1)) is { } first) yield return first;
        if (DecayFault(Beta2, nameof(Beta2)) is { } second) yield return second;
        if (PositiveFault(Epsilon, nameof(Epsilon)) is { } epsilon) yield return epsilon;
        if (MinimumSize < 0) yield return $"{Name}.MinimumSize must not be negative, but is {MinimumSize}";
    }
}
