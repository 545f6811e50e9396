namespace LongContext.Data.Cleaning;

/// <summary>Cuts ranges with a window about them out of a text.</summary>
internal static class TextCutter
{
    /// <summary>What is left between the cuts, in order; none of it empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="ranges">What to cut out, by where it starts; ranges may overlap.</param>
    /// <param name="window">Characters to cut on each side; half a surrogate pair takes the other half along.</param>
    public static List<Range> Pieces(string text, IEnumerable<(int Start, int End)> ranges, int window)
    {
        List<Range> pieces = [];
        int kept = 0; // what begins here is not cut so far
        foreach ((int start, int end) in ranges)
        {
            int from = (int)Math.Max(0L, (long)start - window), to = (int)Math.Min(text.Length, (long)end + window);
            if (IsInPair(text, from)) from--;
            if (IsInPair(text, to)) to++;
            if (from > kept) pieces.Add(kept..from);
            kept = Math.Max(kept, to);
        }

        if (kept < text.Length) pieces.Add(kept..text.Length);
        return pieces;
    }

    private static bool IsInPair(string text, int at) => at > 0 && at < text.Length && char.IsSurrogatePair(text[at - 1], text[at]);
}
