namespace LongContext.Evaluation.Metrics;

/// <summary>One score of pltrdy's ROUGE.</summary>
/// <param name="Recall">Share of the reference that the prediction has, 0 to 1: r.</param>
/// <param name="Precision">Share of the prediction that the reference has, 0 to 1: p.</param>
public readonly record struct PltrdyRougeScore(double Recall, double Precision)
{
    // Keeps the quotient from 0 / 0, and a perfect match from 1.
    private const double Epsilon = 1e-8;

    /// <summary>2 p r / (p + r + 10⁻⁸): f. A perfect match has 0.999999995.</summary>
    public double F1 => 2 * (Precision * Recall / (Precision + Recall + Epsilon));

    /// <summary>The two shares of a number of hits; 0 of nothing.</summary>
    internal static PltrdyRougeScore Of(int hits, int predicted, int wanted) => new(wanted == 0 ? 0 : (double)hits / wanted, predicted == 0 ? 0 : (double)hits / predicted);
}
