using System.Text;

namespace LongContext.Data.Making;

/// <summary>Random texts that try to be difficult.</summary>
internal static class MakingTexts
{
    private static readonly string[] Pieces =
        ["word", "a", "Boats", "12", ".", "é", "東京", "😀", "👩‍🚀", "<extra_id_", "[words ", "words 1:", "{text}", "{n}", "<fim", "\uD83D", "\uDE00", "VAR"];

    private static readonly string[] Spaces = [" ", "  ", "\n", "\n\n", "\t", "\u00A0", "\u2003", "\r\n", "\u001F"];

    public static string Random(int seed, int words)
    {
        Random random = new(seed);
        StringBuilder text = new();
        if (random.Next(3) == 0) text.Append(Spaces[random.Next(Spaces.Length)]);
        for (int i = 0; i < words; i++)
        {
            if (i > 0 && random.Next(8) != 0) text.Append(Spaces[random.Next(Spaces.Length)]);
            text.Append(Pieces[random.Next(Pieces.Length)]);
        }

        if (random.Next(3) == 0) text.Append(Spaces[random.Next(Spaces.Length)]);
        return text.ToString();
    }

    /// <summary>Whether every pair that the whole has is still whole in its parts, put one after the other in any order.</summary>
    public static int HalfPairs(string text)
    {
        int halves = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])) i++;
            else if (char.IsSurrogate(text[i])) halves++;
        }

        return halves;
    }
}
