using LongContext.Cuda.GatedUnits;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Linear;

/// <summary>
/// y = x · Wᵀ + bias + residual for a few rows of x and one to three matrices of the same inputs (query, key and value; gate and up), or
/// y = activation(gate) · up.
/// </summary>
internal readonly record struct LinearArguments
{
    /// <summary>Type of the activations, biases and residual: bfloat16 or float16.</summary>
    public required ElementType Type { get; init; }

    /// <summary>Type of the results: that of the activations or float32. The activations' by default.</summary>
    public ElementType? OutputType { get; init; }

    /// <summary>Rows of x: 1 to 32. A row's result does not depend on the others, by any bit.</summary>
    public required int Rows { get; init; }

    /// <summary>[rows, inputs].</summary>
    public required RowTensor X { get; init; }

    /// <summary>The matrix, or the gate's.</summary>
    public required LinearPart First { get; init; }

    /// <summary>A second matrix, of the same format, inputs and group size; the unit's up where there is an <see cref="Activation"/>.</summary>
    public LinearPart Second { get; init; }

    /// <summary>A third matrix.</summary>
    public LinearPart Third { get; init; }

    /// <summary>Makes first and second one gated unit, whose result goes to the first's Y; null for none.</summary>
    public GatedActivation? Activation { get; init; }

    /// <summary>[rows, outputs], added to the first part's result, over which it may lie; none by default.</summary>
    public RowTensor Residual { get; init; }

    /// <summary>Results are multiplied with it, before a cap. 1 by default.</summary>
    public double Scale { get; init; }

    /// <summary>Results become c · tanh(result / c); null for none.</summary>
    public double? SoftCap { get; init; }

    /// <summary>Device memory of <see cref="LinearKernel.WorkspaceBytes"/>; 0 where that is 0.</summary>
    public nint Workspace { get; init; }

    public LinearArguments() => Scale = 1;
}
