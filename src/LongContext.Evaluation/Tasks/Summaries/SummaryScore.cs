namespace LongContext.Evaluation.Tasks.Summaries;

/// <summary>Which measure is the score of a summary; the others are reported beside it.</summary>
public enum SummaryScore
{
    /// <summary>(ROUGE-1 · ROUGE-2 · ROUGE-L)^⅓.</summary>
    GeometricMean,

    /// <summary>ROUGE-1, F1.</summary>
    Rouge1,

    /// <summary>ROUGE-2, F1.</summary>
    Rouge2,

    /// <summary>ROUGE-L, F1.</summary>
    RougeL,

    /// <summary>ROUGE-Lsum, F1.</summary>
    RougeLsum,
}
