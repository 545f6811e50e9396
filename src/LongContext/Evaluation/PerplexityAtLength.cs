using System.Globalization;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation;

/// <summary>Perplexity of windows of one length.</summary>
/// <param name="Length">The windows' length in tokens.</param>
/// <param name="Windows">Number of windows.</param>
/// <param name="Sum">Sums and perplexities over all their predicted tokens.</param>
public sealed record PerplexityAtLength(int Length, int Windows, PerplexityAccumulator Sum)
{
    /// <summary>A line for people: length, perplexity and windows.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Length:N0} tokens: perplexity {Sum?.Perplexity:0.000}, {Windows:N0} windows");
}
