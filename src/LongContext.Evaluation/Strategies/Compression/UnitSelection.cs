using System.Text;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>Keeps the best units of a text that fit together, in the order of the text.</summary>
internal static class UnitSelection
{
    /// <summary>So many units in a row that do not fit beside what is kept end the choice: each costs counting a text.</summary>
    private const int MostMisses = 16;

    /// <summary>
    /// What is left with as many of the best as fit. One that does not fit beside those before it is passed over, so that a long one does not keep the shorter ones behind it out; where none
    /// fits even alone, the beginning of the best is kept.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="ends">Where its units end.</param>
    /// <param name="best">The units' numbers, the best first.</param>
    /// <param name="fits">Whether a text is short enough; the more units the less likely.</param>
    public static string Choose(string text, IReadOnlyList<int> ends, IReadOnlyList<int> best, Func<string, bool> fits)
    {
        bool[] kept = new bool[ends.Count];
        string chosen = string.Empty;
        for (int next = 0, misses = 0; next < best.Count && misses < MostMisses;)
        {
            // How many of those that come next fit beside what is kept: by doubling, then by halving.
            int left = best.Count - next, good = 0, bad = left + 1;
            for (int tried = 1; bad - good > 1; tried = bad > left ? Math.Min(2 * good, left) : (good + bad) / 2)
            {
                for (int i = good; i < tried; i++) kept[best[next + i]] = true;
                string candidate = Join(text, ends, kept);
                if (fits(candidate))
                {
                    (good, chosen) = (tried, candidate);
                    continue;
                }

                bad = tried;
                for (int i = good; i < tried; i++) kept[best[next + i]] = false;
            }

            misses = good > 0 ? 1 : misses + 1;
            next += good + 1;
        }

        return chosen.Length > 0 || best.Count == 0 ? chosen : Beginning(text[(best[0] == 0 ? 0 : ends[best[0] - 1])..ends[best[0]]], fits);
    }

    private static string Beginning(string unit, Func<string, bool> fits)
    {
        int good = 0;
        for (int bad = unit.Length; bad - good > 1;)
        {
            int tried = (good + bad) / 2;
            if (fits(unit[..Border(tried)])) good = tried;
            else bad = tried;
        }

        return unit[..Border(good)];
        int Border(int place) => TextUnits.IsBorder(unit, place) ? place : place - 1;
    }

    /// <summary>The units that are kept; where one with a line's end is dropped between two of them, the line ends all the same.</summary>
    private static string Join(string text, IReadOnlyList<int> ends, bool[] kept)
    {
        StringBuilder left = new();
        bool lineEnds = false; // in what was dropped since
        int start = 0;
        for (int unit = 0; unit < kept.Length; unit++)
        {
            ReadOnlySpan<char> own = text.AsSpan(start, ends[unit] - start);
            start = ends[unit];
            if (!kept[unit])
            {
                lineEnds |= own.Contains('\n');
                continue;
            }

            if (lineEnds && left.Length > 0 && left[^1] != '\n') left.Append('\n');
            left.Append(own);
            lineEnds = false;
        }

        return left.ToString();
    }
}
