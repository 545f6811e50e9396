namespace LongContext.Evaluation.Metrics;

/// <summary>SQuAD's two scores of an answer.</summary>
/// <param name="ExactMatch">Whether it is one of the right answers in normal form: the lowest or the highest value of the script's scale.</param>
/// <param name="F1">Words in common with the right answer that has the most, on the same scale.</param>
public readonly record struct SquadScores(double ExactMatch, double F1);
