using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>Gradients of an RMS norm.</summary>
internal readonly record struct RmsNormBackwardArguments
{
    public required RmsNormShape Shape { get; init; }

    /// <summary>What was normalised: x, or the sum with the residual.</summary>
    public required RowTensor X { get; init; }

    /// <summary>[columns].</summary>
    public required nint Weight { get; init; }

    /// <summary>Of the result.</summary>
    public required RowTensor Gradient { get; init; }

    /// <summary>A gradient that the input has from elsewhere, as from the residual's stream; added in float32 before the result is rounded. None by default.</summary>
    public RowTensor Added { get; init; }

    /// <summary>Gets the input's gradient; may be x, the gradient, or what is added.</summary>
    public required RowTensor Result { get; init; }

    /// <summary>[columns] in the weight's type; 0 where the weight does not train.</summary>
    public nint WeightGradient { get; init; }

    /// <summary>Whether the weight's gradient is added to what is there.</summary>
    public bool Accumulates { get; init; }

    /// <summary>Memory for sums, of <see cref="RmsNormKernel.WorkspaceBytes"/>; needed for the weight's gradient.</summary>
    public nint Workspace { get; init; }
}
