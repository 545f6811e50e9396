namespace LongContext.Evaluation.Metrics;

/// <summary>The metrics of LongBench; each data set has one of them.</summary>
public enum LongBenchMetric
{
    /// <summary>F1 of words: <see cref="LongBenchMetrics.QaF1"/>.</summary>
    QaF1,

    /// <summary>F1 of words that a segmenter finds: <see cref="LongBenchMetrics.QaF1Chinese"/>.</summary>
    QaF1Chinese,

    /// <summary>ROUGE-L: <see cref="LongBenchMetrics.RougeL"/>.</summary>
    RougeL,

    /// <summary>ROUGE-L of words that a segmenter finds: <see cref="LongBenchMetrics.RougeLChinese"/>.</summary>
    RougeLChinese,

    /// <summary>The right class among those that are named: <see cref="LongBenchMetrics.Classification"/>.</summary>
    Classification,

    /// <summary>The right paragraph's number: <see cref="LongBenchMetrics.Retrieval"/>.</summary>
    Retrieval,

    /// <summary>The same for Chinese: <see cref="LongBenchMetrics.RetrievalChinese"/>.</summary>
    RetrievalChinese,

    /// <summary>The right number: <see cref="LongBenchMetrics.Count"/>.</summary>
    Count,

    /// <summary>Likeness of a line of code: <see cref="LongBenchMetrics.CodeSimilarity"/>.</summary>
    CodeSimilarity,
}
