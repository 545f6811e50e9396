namespace LongContext.Evaluation.Metrics;

/// <summary>What LongBench v2 scores with (Bai et al. 2024, arXiv:2412.15204; THUDM/LongBench, commit 2e00731, pred.py and result.py).</summary>
public static class LongBenchV2Metrics
{
    private const string Lead = "The correct answer is ";

    /// <summary>
    /// The choice that a reply names: the letter A to D after "The correct answer is ", first in brackets, then without, case-sensitive, asterisks aside; null for
    /// none, which counts as wrong.
    /// </summary>
    /// <param name="response">What the model said.</param>
    /// <returns>"A", "B", "C", "D" or null.</returns>
    public static string? ExtractAnswer(string response)
    {
        ArgumentNullException.ThrowIfNull(response);
        string text = response.Replace("*", "", StringComparison.Ordinal);
        return Find(text, Lead + "(", ")") ?? Find(text, Lead, "");
    }

    /// <summary>Share of right answers in per cent, with one digit, rounded as Python does.</summary>
    /// <param name="right">Right answers; a quarter for each that names no choice, where the "compensated" figure is wanted.</param>
    /// <param name="count">All answers, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">No answer.</exception>
    public static double Accuracy(double right, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        return PythonRounding.Round(100 * right / count, 1);
    }

    private static string? Find(string text, string before, string after)
    {
        for (int at = text.IndexOf(before, StringComparison.Ordinal); at >= 0; at = text.IndexOf(before, at + 1, StringComparison.Ordinal))
        {
            int letter = at + before.Length;
            if (letter < text.Length && text[letter] is >= 'A' and <= 'D' && text.AsSpan(letter + 1).StartsWith(after, StringComparison.Ordinal)) return text[letter].ToString();
        }

        return null;
    }
}
