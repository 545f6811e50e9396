namespace LongContext.Tokenization;

/// <summary>Which texts of a set others begin with, in a time that their lengths together bound.</summary>
internal static class TextBeginnings
{
    /// <summary>For each text the place of the longest other one that it begins with, or −1; from there on to the next longest, and so to all.</summary>
    /// <param name="sorted">Texts by UTF-16, each once.</param>
    public static int[] Of(ReadOnlySpan<string> sorted)
    {
        int[] beginnings = new int[sorted.Length];
        for (int i = 0; i < sorted.Length; i++)
        {
            // What the text before begins with is all that this one can begin with, and what is passed over here never comes into question again.
            int place = i - 1;
            while (place >= 0 && !sorted[i].StartsWith(sorted[place], StringComparison.Ordinal)) place = beginnings[place];
            beginnings[i] = place;
        }

        return beginnings;
    }
}
