using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Strategies;

/// <summary>A prompt as a strategy made it.</summary>
/// <param name="Prompt">The prompt.</param>
public sealed record PreparedPrompt(EvaluationPrompt Prompt)
{
    /// <summary>Measures of what was done, such as the number of passages or the share of tokens kept; they become details of the score. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>What it cost beside the requests that it made through the session, such as embeddings, in the currency of the models' prices. Null where nobody knows: then the item's cost is
    /// unknown too. Default: 0.</summary>
    public decimal? Cost { get; init; } = 0;
}
