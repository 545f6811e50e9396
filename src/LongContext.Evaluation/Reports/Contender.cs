namespace LongContext.Evaluation.Reports;

/// <summary>A model with a strategy.</summary>
internal readonly record struct Contender(string Model, string Strategy);
