namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Exact match and word F1 as the official scripts of SQuAD compute them (Rajpurkar et al. 2016, arXiv:1606.05250; Rajpurkar et al. 2018,
/// arXiv:1806.03822). Answers are compared in lower-case, without ASCII punctuation and articles.
/// </summary>
/// <remarks>
/// The two versions differ where nothing is left of a text in that form: two such texts have F1 0 in version 1.1 and 1 in version 2.0.
/// </remarks>
public static class Squad
{
    /// <summary>evaluate-v1.1.py for one question.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="answers">At least one right answer; each score is the highest over them.</param>
    /// <returns>Scores from 0 to 100.</returns>
    /// <exception cref="ArgumentException">No answer.</exception>
    public static SquadScores ScoreVersion1(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        string said = Normalize(prediction);
        string[] words = Words.Of(said);
        string[] normal = [.. answers.Select(Normalize)];
        return new SquadScores(
            100 * References.Best(normal, answer => said == answer ? 1 : 0),
            100 * References.Best(normal, answer => BagOverlap.Of(words, Words.Of(answer)).F1));
    }

    /// <summary>get_raw_scores of evaluate-v2.0.py for one question.</summary>
    /// <param name="prediction">What the model said; empty where it says that there is no answer.</param>
    /// <param name="answers">
    /// Right answers; each score is the highest over them. Those of which nothing is left in normal form are dropped, and where none is left the right
    /// answer is the empty one.
    /// </param>
    /// <returns>Scores from 0 to 1.</returns>
    public static SquadScores ScoreVersion2(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        string said = Normalize(prediction);
        string[] words = Words.Of(said);
        string[] normal = [.. answers.Select(Normalize).Where(answer => answer.Length > 0)];
        if (normal.Length == 0) normal = [string.Empty];
        return new SquadScores(
            References.Best(normal, answer => said == answer ? 1 : 0),
            References.Best(normal, answer => said.Length == 0 || answer.Length == 0 ? (said == answer ? 1 : 0) : BagOverlap.Of(words, Words.Of(answer)).F1));
    }

    private static string Normalize(string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return SquadNormalization.Normalize(answer, WordCharacters.PythonRe);
    }
}
