using System.Text;

namespace LongContext.Core.Tests.Tokenization.Models;

/// <summary>BPE as its definition reads, over strings: join the pair of lowest rank, the leftmost first, until none is left.</summary>
internal static class NaiveBpe
{
    public static List<string> Encode(string text, string[] pieces, string[] merges, string? unknown, bool fuse, bool byteFallback)
    {
        List<string> symbols = Symbols(text, pieces, unknown, fuse, byteFallback);
        var ranks = merges.Select((merge, rank) => (merge, rank)).GroupBy(entry => entry.merge).ToDictionary(group => group.Key, group => group.Last().rank);
        while (true)
        {
            int best = -1, bestRank = int.MaxValue;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (!ranks.TryGetValue(symbols[i] + " " + symbols[i + 1], out int rank) || rank >= bestRank) continue;
                (best, bestRank) = (i, rank);
            }

            if (best < 0) return symbols;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    private static List<string> Symbols(string text, string[] pieces, string? unknown, bool fuse, bool byteFallback)
    {
        var symbols = new List<string>();
        bool lastUnknown = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool isUnknown = !pieces.Contains(rune.ToString()) && !byteFallback;
            if (pieces.Contains(rune.ToString())) symbols.Add(rune.ToString());
            else if (byteFallback) symbols.AddRange(Encoding.UTF8.GetBytes(rune.ToString()).Select(value => $"<0x{value:X2}>"));
            else if (unknown is not null && !(fuse && lastUnknown)) symbols.Add(unknown);
            lastUnknown = isUnknown;
        }

        return symbols;
    }
}
