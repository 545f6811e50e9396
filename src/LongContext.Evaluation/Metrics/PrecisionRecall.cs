namespace LongContext.Evaluation.Metrics;

/// <summary>How much of what was said is right, and how much of what is right was said.</summary>
/// <param name="Precision">Share of the prediction that the reference has, 0 to 1; 0 for an empty prediction.</param>
/// <param name="Recall">Share of the reference that the prediction has, 0 to 1; 0 for an empty reference.</param>
public readonly record struct PrecisionRecall(double Precision, double Recall)
{
    /// <summary>Their harmonic mean, 0 where both are 0.</summary>
    public double F1 => Precision + Recall > 0 ? 2 * Precision * Recall / (Precision + Recall) : 0;

    /// <summary>The two shares of a number of hits; 0 of nothing.</summary>
    internal static PrecisionRecall Of(int hits, int predicted, int wanted) => new(predicted == 0 ? 0 : (double)hits / predicted, wanted == 0 ? 0 : (double)hits / wanted);
}
