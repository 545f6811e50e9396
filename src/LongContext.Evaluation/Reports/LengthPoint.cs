namespace LongContext.Evaluation.Reports;

/// <summary>The mean score at one length.</summary>
internal sealed record LengthPoint(int Length, double Mean, ConfidenceInterval? Interval, int Items);
