namespace LongContext.Evaluation.Metrics;

/// <summary>pltrdy's ROUGE of one prediction.</summary>
/// <param name="Rouge1">Different words in common: rouge-1.</param>
/// <param name="Rouge2">Different pairs of neighbouring words in common: rouge-2.</param>
/// <param name="RougeL">Words of the sentences' longest common subsequences, united: rouge-l.</param>
public sealed record PltrdyRougeScores(PltrdyRougeScore Rouge1, PltrdyRougeScore Rouge2, PltrdyRougeScore RougeL);
