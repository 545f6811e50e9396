using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Sampling;

/// <summary>The k highest logits of each row, highest first and the lower token first among equals, and the mass of the whole row.</summary>
/// <remarks>
/// With k = 1 the first candidate is the greedy choice. Where a draw comes out among the first k, the host needs no more than these to draw exactly. A row with a NaN or +∞ has masses of
/// NaN, one of nothing but −∞ of 0: their candidates say nothing. Asking for the masses is how a damaged row is seen.
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

    /// <summary>int32 [rows, k]: the result; what lies behind a row's own count is undefined.</summary>
    public required nint Tokens { get; init; }

    /// <summary>float32 [rows, k]: their logits; −0 comes as 0.</summary>
    public required nint Scores { get; init; }

    /// <summary>
    /// float32 [rows, 2]: Σ exp(logit − highest), and Σ exp((logit − highest) / temperature), each within <see cref="CandidateKernel.MassTolerance"/>; 0 where not wanted.
    /// </summary>
    public nint Masses { get; init; }

    /// <summary>int32 [rows]: how many of a row are wanted, k at most; of a row with 0 nothing is written. 0 for k of each.</summary>
    public nint Counts { get; init; }

    /// <summary>float32 [rows]: 1 / temperature; 0 for 1.</summary>
    public nint InverseTemperatures { get; init; }

    /// <summary>Device memory of <see cref="CandidateKernel.WorkspaceBytes"/>.</summary>
    public required nint Workspace { get; init; }
}
