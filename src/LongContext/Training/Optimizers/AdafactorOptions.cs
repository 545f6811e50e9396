using LongContext.Models;

namespace LongContext.Training.Optimizers;

/// <summary>
/// Adafactor's constants (Shazeer and Stern 2018, arXiv:1804.04235), as transformers' Adafactor defines it: the mean of squared
/// gradients of a matrix is kept as a row and a column. Without a first moment the state takes next to nothing.
/// </summary>
/// <remarks>
/// PyTorch's class of the same name differs: it adds no ε to the squares, but bounds the estimate from below by it, and always scales
/// by the parameter. transformers' defaults set both <see cref="RelativeStep"/> and <see cref="ScaleByParameter"/>; here the run's
/// learning rate holds as it is unless asked otherwise.
/// </remarks>
public sealed class AdafactorOptions : OptimizerOptions
{
    /// <summary>The defaults.</summary>
    public AdafactorOptions()
        : base(weightDecay: 0)
    {
    }

    /// <summary>Added to squared gradients (ε1). Default 1e-30; positive.</summary>
    public double SquareEpsilon { get; init; } = 1e-30;

    /// <summary>Smallest root mean square that a parameter counts with where <see cref="ScaleByParameter"/> is set (ε2). Default 1e-3; positive.</summary>
    public double ParameterEpsilon { get; init; } = 1e-3;

    /// <summary>An update whose root mean square passes this is scaled down to it (d). Default 1; positive.</summary>
    public double ClipThreshold { get; init; } = 1;

    /// <summary>The exponent in β2 = 1 − t^exponent at a parameter's update t. Default −0.8; negative.</summary>
    public double Beta2Exponent { get; init; } = -0.8;

    /// <summary>Decay of a mean of updates, which takes 4 bytes a value; null (the default) for none. In [0, 1).</summary>
    public double? Beta1 { get; init; }

    /// <summary>
    /// The step size at a parameter's update t is the paper's min(0.01, 1/√t), times the run's learning rate, which is to be 1 then.
    /// Default false: the step size is the learning rate.
    /// </summary>
    public bool RelativeStep { get; init; }

    /// <summary>Multiplies the step size by the parameter's root mean square. Default false.</summary>
    public bool ScaleByParameter { get; init; }

    internal override string Name => "Adafactor";

    /// <remarks>The mean is one of whole updates, into which everything goes that makes an update.</remarks>
    internal override IEnumerable<(string Name, object? Value)> StateConstants =>
    [
        (nameof(SquareEpsilon), SquareEpsilon), (nameof(Beta2Exponent), Beta2Exponent), (nameof(Beta1), Beta1),
        .. Beta1 is null ? [] : new (string, object?)[]
        {
            (nameof(ClipThreshold), ClipThreshold), (nameof(RelativeStep), RelativeStep), (nameof(ScaleByParameter), ScaleByParameter), (nameof(ParameterEpsilon), ParameterEpsilon),
        },
    ];

    internal override Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed) =>
        new Adafactor(parameters, this, groups, seed);

    private protected override long OwnStateBytes(long[] shape, int size)
    {
        long squares = shape.Length >= 2 ? Count(shape.AsSpan()[..^1]) + (Count(shape.AsSpan()[..^2]) * shape[^1]) : Count(shape);
        return size * (squares + (Beta1 is null ? 0 : Count(shape)));
    }

    private protected override IEnumerable<string> OwnFaults()
    {
        if (PositiveFault(SquareEpsilon, nameof(SquareEpsilon)) is { } square) yield return square;
        if (PositiveFault(ParameterEpsilon, nameof(ParameterEpsilon)) is { } parameter) yield return parameter;
        if (PositiveFault(ClipThreshold, nameof(ClipThreshold)) is { } clip) yield return clip;
        if (!(Beta2Exponent < 0 && double.IsFinite(Beta2Exponent))) yield return $"{Name}.Beta2Exponent must be negative, but is {Beta2Exponent}";
        if (Beta1 is { } beta && DecayFault(beta, nameof(Beta1)) is { } first) yield return first;
    }
}
