using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>What is measured of models that are compared, and how much may be lost.</summary>
public sealed record QuantizationReportOptions
{
    /// <summary>The text that perplexity is measured on, as tokens without special ones: not the calibration's.</summary>
    public required ReadOnlyMemory<int> Text { get; init; }

    /// <summary>Lengths and windows of perplexity; the longest length should be the longest that the model is for.</summary>
    public required PerplexityByLengthOptions Perplexity { get; init; }

    /// <summary>Long tasks. Default: none.</summary>
    public IReadOnlyList<EvaluationTask> Tasks { get; init; } = [];

    /// <summary>The models' tokenizer; needed for tasks. Default null.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>How tasks run. Default null: all defaults.</summary>
    public EvaluationRunOptions? Run { get; init; }

    /// <summary>Rise of perplexity at a length, as a share, above which a model is degraded. Default 0.02.</summary>
    public double DegradedPerplexity { get; init; } = 0.02;

    /// <summary>Rise of perplexity at a length, as a share, above which a model has collapsed. Default 0.10.</summary>
    public double CollapsedPerplexity { get; init; } = 0.10;

    /// <summary>Share of a task's score, as a whole or at a length, that may be lost before a model is degraded. Default 0.02; few items need more.</summary>
    public double DegradedScore { get; init; } = 0.02;

    /// <summary>Share of a task's score, as a whole or at a length, above whose loss a model has collapsed. Default 0.10; few items need more.</summary>
    public double CollapsedScore { get; init; } = 0.10;

    /// <exception cref="ArgumentException">One or more values cannot be used; the message lists all.</exception>
    internal void Validate(string parameter)
    {
        var faults = new List<string>();
        if (Perplexity is null) faults.Add("Perplexity is null");
        if (Tasks is null) faults.Add("Tasks is null, expected a list, which may be empty");
        else if (Tasks.Count > 0 && Tokenizer is null) faults.Add("Tasks are given, but no Tokenizer");
        Check(DegradedPerplexity, CollapsedPerplexity, "Perplexity");
        Check(DegradedScore, CollapsedScore, "Score");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(QuantizationReportOptions)}: {string.Join("; ", faults)}.", parameter);

        void Check(double degraded, double collapsed, string of)
        {
            if (!(degraded >= 0 && collapsed >= degraded && double.IsFinite(collapsed)))
                faults.Add($"Degraded{of} is {degraded} and Collapsed{of} {collapsed}, expected numbers from 0 on, the second not below the first");
        }
    }
}
