namespace LongContext.Data.Reports;

/// <summary>How long sequences are. Quantile q is the least length that at least q of the sequences do not pass; 0 where there is none.</summary>
/// <param name="Minimum">The shortest.</param>
/// <param name="Mean">The mean.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">Quantile 0.9.</param>
/// <param name="P99">Quantile 0.99.</param>
/// <param name="Maximum">The longest.</param>
public sealed record LengthSummary(int Minimum, double Mean, int P50, int P90, int P99, int Maximum);
