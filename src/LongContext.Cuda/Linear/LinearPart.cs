using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Linear;

/// <summary>One matrix of a launch, what is added and where its results go.</summary>
internal readonly record struct LinearPart
{
    public required LinearWeight Weight { get; init; }

    /// <summary>[outputs] of the activations' type; 0 for none.</summary>
    public nint Bias { get; init; }

    /// <summary>[rows, outputs]: the result, of <see cref="LinearArguments.OutputType"/>. Not looked at in the second part of a gated unit.</summary>
    public RowTensor Y { get; init; }
}
