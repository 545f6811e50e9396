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

        return Border(text, start, good); // which is what was tried
    }

    /// <summary>As the other, where a piece can be measured: how many characters a unit has so far says what to try next, so that few pieces are measured.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the piece begins.</param>
    /// <param name="limit">The most units of a piece.</param>
    /// <param name="measure">A piece's units; null where nothing can be made of it.</param>
    /// <param name="charactersPerUnit">A guess to begin with; what was found, for the next piece.</param>
    public static int Longest(string text, int start, int limit, Func<string, int?> measure, ref double charactersPerUnit)
    {
        int most = text.Length - start, good = 0, bad = most + 1;
        bool halve = false;
        for (int round = 1; bad - good > Math.Max(1, good / 256); round++)
        {
            // A little less than what should fit, or every second piece would be too long. Every third time the middle, should lengths be too uneven to go by.
            int slack = Math.Min(Math.Max(1, good / 256), (bad - good) / 2);
            long guess = (long)(limit * charactersPerUnit * (511.0 / 512));
            if (bad <= most && (halve || round % 3 == 0)) guess = (good + (long)bad) / 2;
            int tried = (int)Math.Clamp(guess, good + slack, bad > most ? most : bad - slack);
            int length = Border(text, start, tried);
            int? units = measure(text.Substring(start, length));
            if (units is > 0 and { } known && length > 0) charactersPerUnit = (double)length / known;
            halve = units is null; // which says nothing of how long a unit is
            if (units <= limit) good = tried;
            else bad = tried;
        }

        return Border(text, start, good);
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
