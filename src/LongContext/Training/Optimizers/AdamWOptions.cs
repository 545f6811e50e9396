using LongContext.Models;

namespace LongContext.Training.Optimizers;

/// <summary>
/// AdamW's constants (Loshchilov and Hutter 2019, algorithm 2; PyTorch's defaults except <see cref="Beta2"/> and the weight decay,
/// which is 0.1). Its state takes 8 bytes a value.
/// </summary>
public sealed class AdamWOptions : OptimizerOptions
{
    /// <summary>The defaults.</summary>
    public AdamWOptions()
        : base(weightDecay: 0.1)
    {
    }

    /// <summary>Decay of the mean of gradients. Default 0.9; in [0, 1).</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of squared gradients. Default 0.95, as language models are trained; in [0, 1).</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the mean of squares. Default 1e-8; positive.</summary>
    public double Epsilon { get; init; } = 1e-8;

    internal override string Name => "AdamW";

    internal override IEnumerable<(string Name, object? Value)> StateConstants => [(nameof(Beta1), Beta1), (nameof(Beta2), Beta2)];

    internal override Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed) =>
        new AdamW(parameters, this, groups, seed);

    private protected override long OwnStateBytes(long[] shape, int size) => 2 * size * Count(shape);

    private protected override IEnumerable<string> OwnFaults() =>
        new[] { DecayFault(Beta1, nameof(Beta1)), DecayFault(Beta2, nameof(Beta2)), PositiveFault(Epsilon, nameof(Epsilon)) }.OfType<string>();
}
