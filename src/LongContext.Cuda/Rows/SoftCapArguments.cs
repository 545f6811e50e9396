using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rows;

/// <summary>values = cap · tanh(scale · values / cap), in place; without a cap scale · values. <see cref="Linear.LinearKernel"/> does the same on its way out.</summary>
internal readonly record struct SoftCapArguments
{
    public required ElementType Type { get; init; }

    public required long Rows { get; init; }

    public required int Columns { get; init; }

    /// <summary>[rows, columns].</summary>
    public required RowTensor Values { get; init; }

    /// <summary>c; null for none.</summary>
    public double? SoftCap { get; init; }

    /// <summary>1 by default.</summary>
    public double Scale { get; init; }

    public SoftCapArguments() => Scale = 1;
}
