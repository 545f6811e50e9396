namespace LongContext.Evaluation.Metrics;

/// <summary>HELMET's scores of an answer, 0 to 1 each, and each the highest over the answers.</summary>
/// <param name="ExactMatch">exact_match: 1 if it is a right answer in SQuAD's normal form, else 0.</param>
/// <param name="F1">f1: words in common; 0 where one side is yes, no or noanswer and the other is not the same.</param>
/// <param name="SubstringExactMatch">substring_exact_match: 1 if a right answer occurs in it, else 0.</param>
/// <param name="RougeLF1">rougeL_f1: Google's, with stemming.</param>
/// <param name="RougeLRecall">rougeL_recall.</param>
/// <param name="RougeLsumF1">rougeLsum_f1.</param>
/// <param name="RougeLsumRecall">rougeLsum_recall.</param>
public sealed record HelmetScores(
    double ExactMatch, double F1, double SubstringExactMatch, double RougeLF1, double RougeLRecall, double RougeLsumF1, double RougeLsumRecall);
