namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>An answer with its rating, which shows a judge how to rate.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Rating">Its rating, on the judge's scale.</param>
public sealed record RatedAnswer(string Answer, double Rating);
