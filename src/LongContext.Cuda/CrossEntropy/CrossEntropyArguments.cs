using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.CrossEntropy;

/// <summary>Cross-entropy over a chunk of a head's outputs z, and its gradient in their memory.</summary>
internal readonly record struct CrossEntropyArguments
{
    /// <summary>Type of the outputs.</summary>
    public required ElementType Type { get; init; }

    public required int Rows { get; init; }

    public required int Vocabulary { get; init; }

    /// <summary>[rows, vocabulary] outputs of the head; get ∂/∂z where <see cref="WritesGradient"/>.</summary>
    public required RowTensor Logits { get; init; }

    /// <summary>[rows], int64 or int32.</summary>
    public required nint Labels { get; init; }

    /// <summary>Whether labels are int64, as libtorch's operators want them. True by default.</summary>
    public bool LongLabels { get; init; } = true;

    /// <summary>The labels, where they are on the host as well: checked before the launch. Empty where they are not.</summary>
    public ReadOnlyMemory<long> HostLabels { get; init; }

    /// <summary>The label of rows that are no targets. −100 by default.</summary>
    public long Ignored { get; init; } = -100;

    /// <summary>[rows] float32; 0 for 1 each.</summary>
    public nint Weights { get; init; }

    /// <summary>[rows] float32: gets −log p(label), without weight.</summary>
    public required nint Losses { get; init; }

    /// <summary>[rows] float32: gets log Σ exp(logit); 0 where not wanted.</summary>
    public nint LogSums { get; init; }

    /// <summary>One int32, cleared by the caller: labels that are neither in the vocabulary nor ignored are added up in it. Their loss is NaN, their gradient 0.</summary>
    public required nint Faults { get; init; }

    /// <summary>s in logit = c·tanh(s·z/c). 1 by default.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>c; null for none.</summary>
    public double? SoftCap { get; init; }

    /// <summary>What the gradient is multiplied by: 1 / the step's normaliser. 1 by default.</summary>
    public double GradientScale { get; init; } = 1;

    /// <summary>ζ: ζ·log²Σ is added to what the gradient is of. 0 by default.</summary>
    public double ZLoss { get; init; }

    /// <summary>Whether the gradient is written over the outputs. True by default.</summary>
    public bool WritesGradient { get; init; } = true;

    public CrossEntropyArguments()
    {
    }
}
