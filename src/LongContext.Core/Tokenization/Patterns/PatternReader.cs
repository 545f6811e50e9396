namespace LongContext.Tokenization.Patterns;

/// <summary>The code points of a pattern with the place reached, and complaints that name both.</summary>
internal sealed class PatternReader(string pattern)
{
    /// <summary>Those in use have some hundred.</summary>
    private const int LongestPattern = 16_384;

    private readonly int[] _codePoints = Read(pattern);

    public int Position { get; set; }

    public bool AtEnd => Position == _codePoints.Length;

    /// <summary>The code point ahead, or −1 at the end.</summary>
    public int Peek(int ahead = 0) => Position + ahead < _codePoints.Length ? _codePoints[Position + ahead] : -1;

    public int Next()
    {
        if (AtEnd) throw Fault("it ends too early");
        return _codePoints[Position++];
    }

    public bool TryTake(int codePoint)
    {
        if (Peek() != codePoint) return false;
        Position++;
        return true;
    }

    public bool TryTake(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (Peek(i) != text[i]) return false;
        }

        Position += text.Length;
        return true;
    }

    /// <summary>The text up to a mark, which is taken too.</summary>
    public string Until(string mark)
    {
        var text = new System.Text.StringBuilder();
        while (!TryTake(mark)) text.Append(char.ConvertFromUtf32(Next()));
        return text.ToString();
    }

    /// <summary>A run of decimal digits as a number, or −1 where there is none.</summary>
    public int Number()
    {
        int number = -1;
        while (Peek() is >= '0' and <= '9')
        {
            number = (Math.Max(number, 0) * 10) + (Next() - '0');
            if (number > 100_000) throw Fault("a repeat count is above 100,000");
        }

        return number;
    }

    /// <summary>From least to most hexadecimal digits as a code point.</summary>
    public int Hex(int least, int most)
    {
        long value = 0; // of eight digits at most
        int count = 0;
        for (; count < most && Peek() is >= 0 and < 128 and int digit && char.IsAsciiHexDigit((char)digit); count++)
            value = (value * 16) + Convert.ToInt32(((char)Next()).ToString(), 16);
        if (count < least) throw Fault($"expected {least} hexadecimal digits, found {count}");
        if (value > 0x10FFFF || value is >= 0xD800 and <= 0xDFFF) throw Fault($"U+{value:X4} is no character");
        return (int)value;
    }

    private static int[] Read(string pattern)
    {
        int[] codePoints = [.. pattern.EnumerateRunes().Select(rune => rune.Value)];
        return codePoints.Length <= LongestPattern
            ? codePoints
            : throw new PatternException($"a pattern of {codePoints.Length} characters, more than {LongestPattern},", isUnsupported: true);
    }

    /// <summary>The pattern is wrong.</summary>
    public PatternException Fault(string what) => new($"the pattern \"{pattern}\" is wrong at its character {Position}: {what}", isUnsupported: false);

    /// <summary>The pattern may be right, but this part of the language is not spoken here.</summary>
    public PatternException Unsupported(string what) => new($"{what} in the pattern \"{pattern}\"", isUnsupported: true);
}
