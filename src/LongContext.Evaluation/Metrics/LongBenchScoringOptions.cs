using LongContext.Evaluation.Segmentation;

namespace LongContext.Evaluation.Metrics;

/// <summary>What LongBench's scores depend on beside the data.</summary>
public sealed record LongBenchScoringOptions
{
    /// <summary>
    /// Cuts Chinese text into words for multifieldqa_zh, dureader and vcsum, which cannot be scored without. Default null. Figures are comparable with
    /// published ones where <see cref="ITextSegmenter.IsComparable"/> says so.
    /// </summary>
    public ITextSegmenter? Segmenter { get; init; }

    /// <summary>How lcc and repobench-p compare code. Default <see cref="CodeSimilarityVariant.Difflib"/>, as LongBench's own requirements install it.</summary>
    public CodeSimilarityVariant CodeSimilarity { get; init; }

    /// <summary>
    /// Whether a ROUGE-L whose computation would exceed CPython's recursion limit is 0, as in the official run. Default false: the value itself. See
    /// <see cref="PltrdyRouge.ExceedsRecursionLimit"/>.
    /// </summary>
    public bool RecursionLimit { get; init; }
}
