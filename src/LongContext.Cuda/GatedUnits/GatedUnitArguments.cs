using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.GatedUnits;

/// <summary>product = activation(gate) · up, or its backward.</summary>
internal readonly record struct GatedUnitArguments
{
    public required ElementType Type { get; init; }

    public required GatedActivation Activation { get; init; }

    public required long Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>[rows, columns]; gate and up may be halves of one tensor.</summary>
    public required RowTensor Gate { get; init; }

    /// <summary>[rows, columns].</summary>
    public required RowTensor Up { get; init; }

    /// <summary>Forward: the result; may be the gate or up.</summary>
    public RowTensor Product { get; init; }

    /// <summary>Backward: of the product.</summary>
    public RowTensor Gradient { get; init; }

    /// <summary>Backward: a result; may be the gate, up or the gradient.</summary>
    public RowTensor GateGradient { get; init; }

    /// <summary>Backward: a result; may be the gate, up or the gradient.</summary>
    public RowTensor UpGradient { get; init; }
}
