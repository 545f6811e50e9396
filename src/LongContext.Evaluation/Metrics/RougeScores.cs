namespace LongContext.Evaluation.Metrics;

/// <summary>ROUGE of one prediction.</summary>
/// <param name="Rouge1">Words in common.</param>
/// <param name="Rouge2">Pairs of neighbouring words in common.</param>
/// <param name="RougeL">Longest common subsequence of words, line breaks aside.</param>
/// <param name="RougeLsum">Longest common subsequences of each line of the reference with every line of the prediction, united.</param>
public sealed record RougeScores(PrecisionRecall Rouge1, PrecisionRecall Rouge2, PrecisionRecall RougeL, PrecisionRecall RougeLsum);
