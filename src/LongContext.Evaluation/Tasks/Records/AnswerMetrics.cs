using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>Ready ways of scoring an answer, by name. Of several right answers the one counts that gives the best score, unless a metric says otherwise.</summary>
public static class AnswerMetrics
{
    /// <summary>
    /// "exact_match": 1 if the answer is a right one, but for case, punctuation, articles and spaces (SQuAD's normal form).
    /// </summary>
    public static AnswerMetric ExactMatch { get; } = Of("exact_match", (said, answers) => Squad.ScoreVersion1(said, answers).ExactMatch / 100);

    /// <summary>"exact_text": 1 if the answer is a right one to the letter, whitespace around it aside.</summary>
    public static AnswerMetric ExactText { get; } = Best("exact_text", (said, right) => Words.Trim(said) == Words.Trim(right) ? 1 : 0);

    /// <summary>
    /// "contains_words": 1 if the words of a right answer occur in what the model said, one after the other, whatever the case, punctuation and the article that it begins with: "17" is in "It is 17." and not in
    /// "1,175", "no" not in "know".
    /// </summary>
    /// <remarks>
    /// Numbers are words with their sign and decimal point, without commas between thousands; units behind them and percent signs are words of their own. Of scripts without spaces, and of Hangul, every
    /// letter counts as a word. Articles are "the", "an" and a lower-case "a". Not seen: prefixes that Hebrew and Arabic glue to words, points between thousands, one unit by another name; commas in lists
    /// of numbers of three digits without spaces are taken for those between thousands. The library's own.
    /// </remarks>
    public static AnswerMetric ContainsWords { get; } = Best("contains_words", (said, right) => AnswerWords.Contains(said, right) ? 1 : 0);

    /// <summary>
    /// "contains_any": 1 if a right answer occurs in what the model said, whatever the case (RULER's string_match_part). Within words too: "no" is in "know", and "1" in "17".
    /// </summary>
    public static AnswerMetric ContainsAny { get; } = Of("contains_any", RulerMetrics.MatchPart);

    /// <summary>"contains_all": the share of the right answers that occur in what the model said, whatever the case; 1 for all of them (RULER's string_match_all).</summary>
    public static AnswerMetric ContainsAll { get; } = Of("contains_all", RulerMetrics.MatchAll);

    /// <summary>
    /// "contains_normalized": 1 if a right answer occurs in what the model said, both in SQuAD's normal form (best_subspan_em of Lost in the Middle).
    /// </summary>
    public static AnswerMetric ContainsNormalized { get; } = Of("contains_normalized", LostInTheMiddle.BestSubspanExactMatch);

    /// <summary>
    /// "final_number": 1 if the last number of what the model said is that of a right answer, commas aside (<see cref="HelmMetrics.FinalNumberExactMatch"/>).
    /// </summary>
    public static AnswerMetric FinalNumber { get; } = Of("final_number", HelmMetrics.FinalNumberExactMatch);

    /// <summary>"word_f1": F1 of the words in common, in SQuAD's normal form: what SQuAD and LongBench score questions by.</summary>
    public static AnswerMetric WordF1 { get; } = Best("word_f1", LongBenchMetrics.QaF1);

    /// <summary>"rouge_1": F1 of words in common, for summaries (Google's rouge_score, without stemming, as the three others).</summary>
    public static AnswerMetric Rouge1 { get; } = Best("rouge_1", (said, right) => GoogleRouge.Score(said, right).Rouge1.F1);

    /// <summary>"rouge_2": F1 of pairs of neighbouring words.</summary>
    public static AnswerMetric Rouge2 { get; } = Best("rouge_2", (said, right) => GoogleRouge.Score(said, right).Rouge2.F1);

    /// <summary>"rouge_l": F1 of the longest common subsequence of words.</summary>
    public static AnswerMetric RougeL { get; } = Best("rouge_l", (said, right) => GoogleRouge.Score(said, right).RougeL.F1);

    /// <summary>"rouge_lsum": the same line by line.</summary>
    public static AnswerMetric RougeLsum { get; } = Best("rouge_lsum", (said, right) => GoogleRouge.Score(said, right).RougeLsum.F1);

    /// <summary>"edit_similarity": 1 − edit distance / the longer length (<see cref="Levenshtein.EditSimilarity(string, string)"/>).</summary>
    public static AnswerMetric EditSimilarity { get; } = Best("edit_similarity", Levenshtein.EditSimilarity);

    /// <summary>"indel_ratio": 1 − distance without substitutions / both lengths (<see cref="Levenshtein.IndelRatio(string, string)"/>).</summary>
    public static AnswerMetric IndelRatio { get; } = Best("indel_ratio", Levenshtein.IndelRatio);

    /// <summary>"code_similarity": likeness of the first line of code, as LongBench compares it (<see cref="LongBenchMetrics.CodeSimilarity"/>).</summary>
    public static AnswerMetric CodeSimilarity { get; } = Best("code_similarity", (said, right) => LongBenchMetrics.CodeSimilarity(said, right));

    /// <summary>
    /// "choice_letter": 1 if the letter that is read from the answer (<see cref="ChoiceLetter"/>) is a right one; an answer that names none is wrong. Only for items with choices.
    /// </summary>
    public static AnswerMetric ChoiceLetter { get; } = new("choice_letter", ScoreChoice);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<AnswerMetric> All { get; } =
    [
        ExactMatch, ExactText, ContainsWords, ContainsAny, ContainsAll, ContainsNormalized, FinalNumber, WordF1, Rouge1, Rouge2, RougeL, RougeLsum, EditSimilarity, IndelRatio, CodeSimilarity, ChoiceLetter,
    ];

    /// <summary>A metric by its name, for example from a command line or a settings file.</summary>
    /// <param name="name">
    /// The name; case does not matter, nor do blanks, hyphens and underscores: "Word F1" and "wordF1" are "word_f1". "f1" is "word_f1", "em" is "exact_match".
    /// </param>
    /// <exception cref="ArgumentException">There is no such metric; the message lists those that there are.</exception>
    public static AnswerMetric Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        string wanted = Plain(name);
        if (wanted == "f1") return WordF1;
        if (wanted == "em") return ExactMatch;
        return All.FirstOrDefault(metric => Plain(metric.Name) == wanted)
            ?? throw new ArgumentException($"There is no metric \"{name}\"; there are {string.Join(", ", All.Select(metric => metric.Name))}.", nameof(name));
    }

    /// <summary>Whether a metric looks for a right answer within what the model said, so that an answer which says more than that may hold it by chance.</summary>
    internal static bool Searches(AnswerMetric metric) => metric == ContainsWords || metric == ContainsAny || metric == ContainsAll || metric == ContainsNormalized;

    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    /// <summary>A metric that looks at all right answers by itself; without any, nothing is right.</summary>
    private static AnswerMetric Of(string name, Func<string, IReadOnlyList<string>, double> score) => new(name, (item, said) => item.Answers.Count == 0 ? 0 : score(said, item.Answers));

    private static AnswerMetric Best(string name, Func<string, string, double> score) => new(name, (item, said) => item.Answers.Select(right => score(said, right)).DefaultIfEmpty(0).Max());

    private static ItemScore ScoreChoice(EvaluationItem item, string said)
    {
        if (item.Choices.Count == 0) throw new InvalidOperationException($"The item {item.Id} has no choices, expected some, as the metric choice_letter reads which of them an answer names.");
        string? letter = Metrics.ChoiceLetter.Read(said, item.Choices);
        return new ItemScore(letter is not null && item.Answers.Contains(letter, StringComparer.OrdinalIgnoreCase) ? 1 : 0) { Judged = letter ?? "none" };
    }
}
