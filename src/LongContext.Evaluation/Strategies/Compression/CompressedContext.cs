using System.Collections.ObjectModel;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>What is left of a context.</summary>
/// <param name="Text">The shorter text.</param>
public sealed record CompressedContext(string Text)
{
    /// <summary>Measures of how it came about; they become details of the score. Default: none.</summary>
    public IReadOnlyDictionary<string, double> Details { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>What it cost beside the requests that were made through the session, in the currency of the models' prices; null where nobody knows. Default: 0.</summary>
    public decimal? Cost { get; init; } = 0;
}
