namespace LongContext.Evaluation.Metrics;

/// <summary>
/// Matches of an answer with its references as HELM's evaluate_reference_metrics.py computes them (Liang et al. 2023, arXiv:2211.09110): 0 or 1, F1
/// between. The highest over the references counts.
/// </summary>
/// <remarks>
/// An empty prediction matches nothing, an empty reference included. "Quasi" means lower-case, without ASCII punctuation and articles, with
/// single spaces.
/// </remarks>
public static class HelmMetrics
{
    /// <summary>exact_match: equal but for whitespace at the ends.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double ExactMatch(string prediction, IReadOnlyList<string> references) =>
        Match(prediction, references, Words.Trim, string.Equals);

    /// <summary>quasi_exact_match: equal in normal form.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double QuasiExactMatch(string prediction, IReadOnlyList<string> references) =>
        Match(prediction, references, Normalize, string.Equals);

    /// <summary>quasi_leave_articles_exact_match: equal in normal form, in which articles stay.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double QuasiExactMatchWithArticles(string prediction, IReadOnlyList<string> references) =>
        Match(prediction, references, SquadNormalization.NormalizeKeepingArticles, string.Equals);

    /// <summary>prefix_exact_match: the prediction begins with the reference, whitespace at the ends aside.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer; an empty one begins everything but an empty prediction.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double PrefixExactMatch(string prediction, IReadOnlyList<string> references) =>
        Match(prediction, references, Words.Trim, (said, wanted) => said.StartsWith(wanted, StringComparison.Ordinal));

    /// <summary>quasi_prefix_exact_match: the same in normal form.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double QuasiPrefixExactMatch(string prediction, IReadOnlyList<string> references) =>
        Match(prediction, references, Normalize, (said, wanted) => said.StartsWith(wanted, StringComparison.Ordinal));

    /// <summary>f1_score: of the sets of words in normal form, so that a word counts once; 0 where one is empty.</summary>
    /// <param name="prediction">What the model said.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double F1(string prediction, IReadOnlyList<string> references)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        HashSet<string> said = [.. Words.Of(Normalize(prediction))];
        return References.Best(references, reference => BagOverlap.Of(said, new HashSet<string>(Words.Of(Normalize(reference)))).F1);
    }

    /// <summary>
    /// final_number_exact_match: the last number of both is the same text, commas aside. A number is digits and commas, with a sign before
    /// it, and where a digit follows one character later that character and the digits: HELM's pattern takes any character for the decimal separator.
    /// </summary>
    /// <param name="prediction">What the model said; without a number it matches nothing.</param>
    /// <param name="references">At least one right answer.</param>
    /// <exception cref="ArgumentException">No reference.</exception>
    public static double FinalNumberExactMatch(string prediction, IReadOnlyList<string> references)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        string said = FinalNumber(prediction);
        return References.Best(references, reference => said.Length > 0 && Words.Trim(said) == Words.Trim(FinalNumber(reference)) ? 1 : 0);
    }

    private static double Match(string prediction, IReadOnlyList<string> references, Func<string, string> form, Func<string, string, bool> matches)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        string said = form(prediction);
        return References.Best(references, reference => prediction.Length > 0 && matches(said, form(reference)) ? 1 : 0);
    }

    private static string Normalize(string text) => SquadNormalization.Normalize(text, WordCharacters.PythonRe);

    /// <summary>The last match of -?[\d,]+(?:.\d+)? without its commas; empty where there is none.</summary>
    private static string FinalNumber(string text)
    {
        string last = string.Empty;
        for (int at = 0; at < text.Length;)
        {
            int start = at;
            int end = EndOfDigitsAndCommas(text, at);
            if (end == at && text[at] == '-') end = EndOfDigitsAndCommas(text, at + 1) is var after && after > at + 1 ? after : at;
            if (end == start)
            {
                at += PythonNumbers.LengthAt(text, at);
                continue;
            }

            if (end < text.Length && text[end] != '\n')
            {
                int fraction = end + PythonNumbers.LengthAt(text, end);
                if (PythonNumbers.EndOfDigits(text, fraction) is var fractionEnd && fractionEnd > fraction) end = fractionEnd;
            }

            last = text[start..end].Replace(",", null, StringComparison.Ordinal);
            at = end;
        }

        return last;
    }

    private static int EndOfDigitsAndCommas(string text, int index)
    {
        while (index < text.Length)
        {
            if (text[index] == ',') index++;
            else if (PythonNumbers.IsDigit(text, index, out int length)) index += length;
            else break;
        }

        return index;
    }
}
