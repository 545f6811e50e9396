namespace LongContext.Generation.Grammars;

/// <summary>Code points of JSON strings, or of plain text, as the bytes that spell them.</summary>
internal static class Utf8Grammar
{
    private const int HighestCodePoint = 0x10FFFF;

    /// <summary>Every code point but the halves of surrogate pairs.</summary>
    public static IReadOnlyList<(int First, int Last)> Everything { get; } = [(0, 0xD7FF), (0xE000, HighestCodePoint)];

    /// <summary>Reads one code point in UTF-8.</summary>
    /// <param name="graph">The grammar.</param>
    /// <param name="from">Where it begins.</param>
    /// <param name="first">The lowest.</param>
    /// <param name="last">The highest; between them no half of a surrogate pair.</param>
    /// <param name="to">Where it leads.</param>
    public static void CodePoints(GrammarGraph graph, int from, int first, int last, int to)
    {
        // Pieces of one length, of which all but the first byte run over full ranges (Thompson's split, as in RE2's compiler).
        foreach (int border in (ReadOnlySpan<int>)[0x7F, 0x7FF, 0xFFFF])
        {
            if (first > border || last <= border) continue;
            CodePoints(graph, from, first, border, to);
            CodePoints(graph, from, border + 1, last, to);
            return;
        }

        for (int bits = 6; bits <= 18 && last > 0x7F; bits += 6)
        {
            int mask = (1 << bits) - 1;
            if ((first & ~mask) == (last & ~mask)) continue;
            if ((first & mask) != 0)
            {
                CodePoints(graph, from, first, first | mask, to);
                CodePoints(graph, from, (first | mask) + 1, last, to);
                return;
            }

            if ((last & mask) != mask)
            {
                CodePoints(graph, from, first, (last & ~mask) - 1, to);
                CodePoints(graph, from, last & ~mask, last, to);
                return;
            }
        }

        Span<byte> low = stackalloc byte[4], high = stackalloc byte[4];
        int length = Encode(first, low);
        Encode(last, high);
        for (int i = 0; i < length; i++)
        {
            int next = i == length - 1 ? to : graph.Add();
            graph.Byte(from, low[i], high[i], next);
            from = next;
        }
    }

    /// <summary>Reads one character of a JSON string, whichever way it is spelled: itself or any escape.</summary>
    public static void AnyCharacter(GrammarGraph graph, int from, int to)
    {
        Plain(graph, from, Everything, to);
        int escape = graph.Add(), hex = graph.Add(), secondEscape = graph.Add(), second = graph.Add(), secondHex = graph.Add();
        graph.Byte(from, (byte)'\\', (byte)'\\', escape);
        foreach (byte c in "\"\\/bfnrt"u8) graph.Byte(escape, c, c, to);
        graph.Byte(escape, (byte)'u', (byte)'u', hex);

        // Any four digits that are no half of a pair, or both halves.
        int three = graph.Add(), two = graph.Add(), one = graph.Add(), dee = graph.Add(), lowRest = graph.Add();
        Hex(graph, hex, 0, 12, three);
        Hex(graph, hex, 14, 15, three);
        Hex(graph, hex, 13, 13, dee);
        Hex(graph, three, 0, 15, two);
        Hex(graph, two, 0, 15, one);
        Hex(graph, one, 0, 15, to);
        Hex(graph, dee, 0, 7, two);
        int highTwo = graph.Add(), highOne = graph.Add();
        Hex(graph, dee, 8, 11, highTwo);
        Hex(graph, highTwo, 0, 15, highOne);
        Hex(graph, highOne, 0, 15, secondEscape);
        graph.Byte(secondEscape, (byte)'\\', (byte)'\\', second);
        graph.Byte(second, (byte)'u', (byte)'u', secondHex);
        Hex(graph, secondHex, 13, 13, lowRest);
        Hex(graph, lowRest, 12, 15, two);
    }

    /// <summary>Reads one character of a set, spelled the usual way: itself, or in a JSON string the short escape where it needs one.</summary>
    public static void Characters(GrammarGraph graph, int from, IReadOnlyList<(int First, int Last)> set, int to)
    {
        if (graph.IsPlainText)
        {
            foreach ((int first, int last) in set)
            {
                if (first < 0xD800) CodePoints(graph, from, first, Math.Min(last, 0xD7FF), to);
                if (last > 0xDFFF) CodePoints(graph, from, Math.Max(first, 0xE000), last, to);
            }

            return;
        }

        Plain(graph, from, set, to);
        foreach ((int first, int last) in set)
        {
            for (int c = first; c <= Math.Min(last, '\\'); c++)
            {
                if (c is < 0x20 or '"' or '\\') Escape(graph, from, c, to);
            }
        }
    }

    private static void Plain(GrammarGraph graph, int from, IReadOnlyList<(int First, int Last)> set, int to)
    {
        foreach ((int first, int last) in set)
        {
            Part(first, last, 0x20, '"' - 1);
            Part(first, last, '"' + 1, '\\' - 1);
            Part(first, last, '\\' + 1, 0xD7FF);
            Part(first, last, 0xE000, HighestCodePoint);
        }

        void Part(int first, int last, int least, int most)
        {
            (first, last) = (Math.Max(first, least), Math.Min(last, most));
            if (first <= last) CodePoints(graph, from, first, last, to);
        }
    }

    private static void Escape(GrammarGraph graph, int from, int c, int to)
    {
        int after = graph.Add();
        graph.Byte(from, (byte)'\\', (byte)'\\', after);
        int place = "\"\\\b\f\n\r\t".IndexOf((char)c, StringComparison.Ordinal);
        if (place >= 0)
        {
            byte letter = "\"\\bfnrt"u8[place];
            graph.Byte(after, letter, letter, to);
            return;
        }

        int high = graph.Add(), low = graph.Add();
        graph.Text(after, "u00"u8, high);
        Hex(graph, high, c >> 4, c >> 4, low);
        Hex(graph, low, c & 15, c & 15, to);
    }

    /// <summary>Reads a hexadecimal digit of a range, in either case.</summary>
    private static void Hex(GrammarGraph graph, int from, int first, int last, int to)
    {
        for (int value = first; value <= last; value++)
        {
            byte upper = "0123456789ABCDEF"u8[value], lower = "0123456789abcdef"u8[value];
            graph.Byte(from, upper, upper, to);
            if (lower != upper) graph.Byte(from, lower, lower, to);
        }
    }

    private static int Encode(int codePoint, Span<byte> bytes)
    {
        switch (codePoint)
        {
            case <= 0x7F:
                bytes[0] = (byte)codePoint;
                return 1;
            case <= 0x7FF:
                (bytes[0], bytes[1]) = ((byte)(0xC0 | (codePoint >> 6)), Continuation(codePoint));
                return 2;
            case <= 0xFFFF:
                (bytes[0], bytes[1], bytes[2]) = ((byte)(0xE0 | (codePoint >> 12)), Continuation(codePoint >> 6), Continuation(codePoint));
                return 3;
            default:
                (bytes[0], bytes[1], bytes[2], bytes[3]) = ((byte)(0xF0 | (codePoint >> 18)), Continuation(codePoint >> 12), Continuation(codePoint >> 6), Continuation(codePoint));
                return 4;
        }

        static byte Continuation(int bits) => (byte)(0x80 | (bits & 0x3F));
    }
}
