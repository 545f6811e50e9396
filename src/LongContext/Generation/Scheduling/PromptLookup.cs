namespace LongContext.Generation.Scheduling;

/// <summary>Guesses that a text goes on as it did after its last tokens stood there before (prompt lookup decoding, Saxena 2023).</summary>
/// <remarks>
/// The longest run of last tokens that is found counts, and of its places the last: what a text repeats is most often near. Where the place overlaps the text's end, the guess goes on with itself, as a
/// period does. Fewer are guessed after wrong guesses and more after right ones, since a wrong one costs time.
/// </remarks>
internal sealed class PromptLookup(SpeculationOptions options)
{
    private int allowed = options.MaximumTokens;

    /// <summary>Writes guesses behind a text.</summary>
    /// <param name="tokens">The text, with room behind it.</param>
    /// <param name="count">Its tokens.</param>
    /// <param name="most">Guesses wanted, at most.</param>
    /// <returns>How many were written.</returns>
    public int Guess(Span<int> tokens, int count, int most)
    {
        most = Math.Min(Math.Min(most, allowed), tokens.Length - count);
        if (most < 1) return 0;
        int place = Find(tokens[..count]);
        if (place < 0) return 0;
        for (int i = 0; i < most; i++) tokens[count + i] = tokens[place + i];
        return most;
    }

    /// <summary>Learns how many of the guesses were right.</summary>
    public void Note(int guessed, int accepted)
    {
        if (accepted == guessed) allowed = Math.Min(options.MaximumTokens, Math.Max(allowed, guessed * 2));
        else if (accepted < guessed / 2 || accepted == 0) allowed = Math.Max(1, allowed / 2);
    }

    /// <summary>Where a text's end was followed by something before; -1 for nowhere.</summary>
    private int Find(ReadOnlySpan<int> text)
    {
        for (int length = Math.Min(options.LongestMatch, text.Length - 1); length >= options.ShortestMatch; length--)
        {
            ReadOnlySpan<int> end = text[^length..];
            // It must begin before the end itself does, and may reach into it.
            int at = text[..^1].LastIndexOf(end);
            if (at >= 0) return at + length;
        }

        return -1;
    }
}
