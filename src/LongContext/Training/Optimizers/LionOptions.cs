using LongContext.Models;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Lion's constants (Chen et al. 2023, arXiv:2302.06675): every value moves by the learning rate, in the direction of a mean's sign.
/// Its state takes 4 bytes a value.
/// </summary>
/// <remarks>
/// The paper takes learning rates 3 to 10 times smaller than AdamW's, and a weight decay as many times larger: here it defaults to 1.
/// c = β1·m + (1 − β1)·g, w = (1 − lr·λ)·w − lr·sign(c), m = β2·m + (1 − β2)·g.
/// </remarks>
public sealed class LionOptions : OptimizerOptions
{
    /// <summary>The defaults.</summary>
    public LionOptions()
        : base(weightDecay: 1)
    {
    }

    /// <summary>Weight of the mean in the update's direction. Default 0.9; in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of gradients. Default 0.99; in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.99;

    internal override string Name => "Lion";

    internal override IEnumerable<(string Name, object? Value)> StateConstants => [(nameof(Beta2), Beta2)];

    internal override Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed) =>
        new Lion(parameters, this, groups, seed);

    private protected override long OwnStateBytes(long[] shape, int size) => size * Count(shape);

    private protected override IEnumerable<string> OwnFaults() =>
        new[] { DecayFault(Beta1, nameof(Beta1)), DecayFault(Beta2, nameof(Beta2)) }.OfType<string>();
}
