using System.Text;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Keeps the best units of a text that fit together, in the order of the text.</summary>
internal static class UnitSelection
{
    /// <summary>What is left with as many of the best as fit.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ends">Where its units end.</param>
    /// <param name="best">The units' numbers, the best first.</param>
    /// <param name="fits">Whether a text is short enough; the more units the less likely.</param>
    public static string Choose(string text, IReadOnlyList<int> ends, IReadOnlyList<int> best, Func<string, bool> fits)
    {
        bool[] kept = new bool[ends.Count];
        string chosen = string.Empty;
        int good = 0;
        for (int bad = best.Count + 1, tried = best.Count; bad - good > 1; tried = (good + bad) / 2)
        {
            Array.Clear(kept);
            for (int i = 0; i < tried; i++) kept[best[i]] = true;
            string candidate = Join(text, ends, kept);
            if (fits(candidate)) (good, chosen) = (tried, candidate);
            else bad = tried;
        }

        return chosen;
    }

    /// <summary>The units that are kept; where one with a line's end is dropped, the line ends all the same.</summary>
    private static string Join(string text, IReadOnlyList<int> ends, bool[] kept)
    {
        StringBuilder left = new();
        int start = 0;
        for (int unit = 0; unit < kept.Length; unit++)
        {
            ReadOnlySpan<char> own = text.AsSpan(start, ends[unit] - start);
            if (kept[unit]) left.Append(own);
            else if (left.Length > 0 && left[^1] != '\n' && own.Contains('\n')) left.Append('\n');
            start = ends[unit];
        }

        return left.ToString();
    }
}
