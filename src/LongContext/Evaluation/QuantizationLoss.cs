namespace LongContext.Evaluation;

/// <summary>What a quantised model lost in one figure.</summary>
/// <param name="Model">The quantised model.</param>
/// <param name="Measure">"perplexity", or a task's name.</param>
/// <param name="Length">The length in tokens; null for a task as a whole.</param>
/// <param name="Original">The original's figure; NaN where nothing was measured.</param>
/// <param name="Quantized">The quantised model's, likewise.</param>
/// <param name="Loss">
/// The share lost: how much of the original's score is gone, or by which part perplexity, and other figures where less is better, rose. Below 0 where the
/// quantised model is better; NaN where a figure is no number; infinite where a perplexity is.
/// </param>
/// <param name="Verdict">What it means by the limits.</param>
public sealed record QuantizationLoss(string Model, string Measure, int? Length, double Original, double Quantized, double Loss, QuantizationVerdict Verdict);
