namespace LongContext.Evaluation;

/// <summary>Where a mean lies with some confidence.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="Level">The confidence, such as 0.95.</param>
public readonly record struct ConfidenceInterval(double Low, double High, double Level);
