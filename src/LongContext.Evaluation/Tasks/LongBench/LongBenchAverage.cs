namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>Averages over LongBench's kinds of task in one language, 0 to 100. Null is what data sets are missing for.</summary>
public sealed record LongBenchAverage
{
    /// <summary>The mean of the six others, which is LongBench's "Avg": kinds count alike, however many data sets they have.</summary>
    public double? Overall { get; init; }

    /// <summary>Single-Doc QA.</summary>
    public double? SingleDocumentQuestions { get; init; }

    /// <summary>Multi-Doc QA.</summary>
    public double? MultiDocumentQuestions { get; init; }

    /// <summary>Summarization.</summary>
    public double? Summarization { get; init; }

    /// <summary>Few-shot Learning.</summary>
    public double? FewShotLearning { get; init; }

    /// <summary>Synthetic Tasks.</summary>
    public double? Synthetic { get; init; }

    /// <summary>Code Completion.</summary>
    public double? CodeCompletion { get; init; }
}
