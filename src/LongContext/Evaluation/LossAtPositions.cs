using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation;

/// <summary>Losses of the tokens that stand within a range of positions of their documents.</summary>
/// <param name="From">First position: the number of tokens of the document that stand before a predicted token, its context.</param>
/// <param name="To">The position after the last one.</param>
/// <param name="Sum">Sums and perplexities over the range's predicted tokens.</param>
public sealed record LossAtPositions(int From, int To, PerplexityAccumulator Sum)
{
    /// <summary>Mean loss in nats; NaN where the range has no predicted token.</summary>
    public double MeanLoss => Sum.TokenCount == 0 ? double.NaN : Sum.TotalNats / Sum.TokenCount;
}
