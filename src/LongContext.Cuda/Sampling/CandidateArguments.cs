using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Sampling;

/// <summary>The k highest logits of each row, highest first and the lower token first among equals, and log Σ exp(logit) of the whole row.</summary>
/// <remarks>
/// With k = 1 the first candidate is the greedy choice. Where a draw's filters leave tokens of the first k alone, the host needs no more than these to draw exactly;
/// 1 − Σ exp(score − log-sum) is the mass of the others. A row with a NaN or +∞ has a log-sum of NaN, one of nothing but −∞ one of −∞: their candidates say nothing. Asking for the log-sums is how a damaged row is seen.
/// </remarks>
internal readonly record struct CandidateArguments
{
    /// <summary>Type of the logits.</summary>
    public required ElementType Type { get; init; }

    public required int Rows { get; init; }

    public required int Vocabulary { get; init; }

    /// <summary>[rows, vocabulary].</summary>
    public required RowTensor Logits { get; init; }

    /// <summary>k, from 1 to 64 and not above the vocabulary.</summary>
    public required int Count { get; init; }

    /// <summary>int32 [rows, k]: the result.</summary>
    public required nint Tokens { get; init; }

    /// <summary>float32 [rows, k]: their logits; −0 comes as 0.</summary>
    public required nint Scores { get; init; }

    /// <summary>float32 [rows]; 0 where not wanted.</summary>
    public nint LogSums { get; init; }

    /// <summary>Device memory of <see cref="CandidateKernel.WorkspaceBytes"/>.</summary>
    public required nint Workspace { get; init; }
}
