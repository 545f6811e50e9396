namespace LongContext.Evaluation.Metrics;

/// <summary>
/// The metrics of "Lost in the Middle: How Language Models Use Long Contexts" (Liu et al. 2024, arXiv:2307.03172), as its own scripts have them.
/// </summary>
public static class LostInTheMiddle
{
    /// <summary>
    /// 1 if any right answer occurs in the prediction, both in SQuAD's normal form (lower-case, no ASCII punctuation, no articles), else 0:
    /// best_subspan_em. An answer that is empty in that form occurs everywhere.
    /// </summary>
    /// <param name="prediction">What the model said; <see cref="FirstLine"/> cuts it as the script does.</param>
    /// <param name="answers">Right answers, any of which will do; none gives 0.</param>
    public static double BestSubspanExactMatch(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        string said = Normalize(prediction);
        return answers.Any(answer => said.Contains(Normalize(answer), StringComparison.Ordinal)) ? 1 : 0;
    }

    /// <summary>
    /// What the evaluation script scores of a model's output: the text before the first line feed, without whitespace around it. So an output that begins with a
    /// line feed is empty.
    /// </summary>
    /// <param name="output">What the model said.</param>
    public static string FirstLine(string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        int end = output.IndexOf('\n', StringComparison.Ordinal);
        return Words.Trim(end < 0 ? output : output[..end]);
    }

    /// <summary>
    /// 1 if the value occurs in the answer, case aside, else 0: evaluate_kv_responses.py, the accuracy of looking up one of many keys.
    /// </summary>
    /// <param name="prediction">What the model said, all of it.</param>
    /// <param name="value">The key's value.</param>
    public static double KeyValueAccuracy(string prediction, string value)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(value);
        return PythonText.ToLower(prediction).Contains(PythonText.ToLower(value), StringComparison.Ordinal) ? 1 : 0;
    }

    /// <summary>An answer in the form in which the metric compares it.</summary>
    /// <param name="text">The answer.</param>
    public static string Normalize(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return SquadNormalization.Normalize(text, WordCharacters.PythonRegex);
    }
}
