using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>y = norm(x + residual) · (weight + offset).</summary>
internal readonly record struct RmsNormArguments
{
    public required RmsNormShape Shape { get; init; }

    /// <summary>[rows, columns], or [rows / inner, inner, columns].</summary>
    public required RowTensor X { get; init; }

    /// <summary>Added to x before the norm; none by default.</summary>
    public RowTensor Residual { get; init; }

    /// <summary>[columns].</summary>
    public required nint Weight { get; init; }

    /// <summary>Gets x + residual, rounded; needed where there is a residual. May be x or the residual.</summary>
    public RowTensor Sum { get; init; }

    /// <summary>The result; may be x, or the residual.</summary>
    public required RowTensor Y { get; init; }
}
