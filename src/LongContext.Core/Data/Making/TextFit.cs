namespace LongContext.Data.Making;

/// <summary>How much of a text fits.</summary>
internal static class TextFit
{
    /// <summary>
    /// The length of the longest piece found that begins at a place and fits, by doubling and halving; 0 where not one character does. A piece that does
    /// not reach the end of the text ends before a word where one begins in its last eighth, and never inside a surrogate pair.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the piece begins.</param>
    /// <param name="fits">Whether a piece fits; the longer the piece the less likely.</param>
    public static int Longest(string text, int start, Func<string, bool> fits)
    {
        int most = text.Length - start, good = 0, bad = most + 1;
        for (int tried = Math.Min(most, 1024); bad - good > Math.Max(1, good / 256);)
        {
            if (fits(text.Substring(start, Border(text, start, tried)))) good = tried;
            else bad = tried;
            if (good == most) return most;
            tried = bad > most ? Math.Min(most, good * 2) : (good + bad) / 2;
            if (tried <= good) break;
        }

        // Where a cut is moved, what is left is tried again: fewer characters may be more tokens.
        for (int length = Border(text, start, good); length > 0; length = Border(text, start, length - 1))
        {
            if (fits(text.Substring(start, length))) return length;
        }

        return 0;
    }

    private static int Border(string text, int start, int length)
    {
        if (length <= 0 || start + length >= text.Length) return Math.Max(0, Math.Min(length, text.Length - start));
        for (int end = start + length; end > start + length - (length / 8); end--)
        {
            if (TextUnits.IsSpace(text[end]) && !TextUnits.IsSpace(text[end - 1])) return end - start;
        }

        return TextUnits.IsBorder(text, start + length) ? length : length - 1;
    }
}
