namespace LongContext.Tokenization.Patterns;

/// <summary>What may follow a backslash, inside and outside of brackets.</summary>
internal static class PatternEscapes
{
    /// <summary>The set of \s, \d, \w, \h, their opposites and \p{…}; null where something else follows, which then is still ahead.</summary>
    /// <param name="reader">Behind the backslash.</param>
    /// <param name="ignoreCase">Whether (?i) is in force.</param>
    /// <param name="word">What \w means here.</param>
    public static CodePointSet? TryReadSet(PatternReader reader, bool ignoreCase, CodePointSet word)
    {
        CodePointSet? set = reader.Peek() switch
        {
            's' or 'S' => UnicodeSets.Space,
            'd' or 'D' => UnicodeSets.Digit,
            'w' or 'W' => word,
            'h' or 'H' => UnicodeSets.HexDigit,
            'p' or 'P' => null,
            _ => UnicodeSets.Any,
        };
        if (set == UnicodeSets.Any) return null;

        int letter = reader.Next();
        bool opposite = letter < 'a';
        if (set is null)
        {
            if (!reader.TryTake('{')) throw reader.Fault("expected { after \\p");
            if (reader.TryTake('^')) opposite = !opposite;
            set = ReadProperty(reader, ignoreCase);
        }

        return opposite ? set.Complement() : set;
    }

    /// <summary>The character of an escape.</summary>
    public static int ReadCharacter(PatternReader reader)
    {
        int next = reader.Next();
        switch (next)
        {
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'f': return '\f';
            case 'v': return '\v';
            case 'a': return '\a';
            case 'e': return 0x1B;
            case 'u': return reader.Hex(4, 4);
            case 'x' when reader.TryTake('{'):
                int codePoint = reader.Hex(1, 8);
                return reader.TryTake('}') ? codePoint : throw reader.Fault("expected } after a code point");
            case 'x': return reader.Hex(1, 2) is < 128 and int ascii ? ascii : throw reader.Unsupported("\\x of a byte outside ASCII");
            case '0' when reader.Peek() is not (>= '0' and <= '7'): return 0;
        }

        // Letters and digits have or may get a meaning; everything else stands for itself.
        return next < 128 && char.IsAsciiLetterOrDigit((char)next) ? throw reader.Unsupported($"\"\\{(char)next}\"") : next;
    }

    private static CodePointSet ReadProperty(PatternReader reader, bool ignoreCase)
    {
        string name = reader.Until("}");
        CodePointSet set = UnicodeSets.Property(name) ?? throw reader.Unsupported($"the property \"{name}\"");

        // Under (?i) a class holds what its members fold to, and a mark folds to a letter (U+0345 to ι).
        bool closed = char.ToLowerInvariant(name.Trim()[0]) is 'n' or 'p' or 's' or 'z' or 'c' or 'd' && name.Trim().Length <= 2;
        return !ignoreCase || closed ? set : throw reader.Unsupported($"the property \"{name}\" without regard to case");
    }
}
