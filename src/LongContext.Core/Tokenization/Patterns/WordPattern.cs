namespace LongContext.Tokenization.Patterns;

/// <summary>
/// The patterns that GPT-2, Llama 3, Qwen 2 and their kin cut words by, written out by hand: each place of a text begins a
/// match, found in one pass. Equal to the pattern itself; the tests hold it against <see cref="RegexPattern"/>.
/// </summary>
internal sealed class WordPattern(WordRule rule) : TextPattern
{
    /// <summary>What "ByteLevel" cuts by: the pattern of GPT-2's encoder.py.</summary>
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string Letters = @"[^\r\n\p{L}\p{N}]?\p{L}+";
    private const string Rest = @" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <summary>The patterns known here, as tokenizer.json files spell them.</summary>
    public static IReadOnlyDictionary<string, WordRule> Known { get; } = new Dictionary<string, WordRule>
    {
        [Gpt2] = new(Gpt2: true, int.MaxValue),
        [$@"{Contractions}|{Letters}|\p{{N}}{{1,3}}|{Rest}"] = new(Gpt2: false, 3), // Llama 3
        [$@"{Contractions}|{Letters}|\p{{N}}|{Rest}"] = new(Gpt2: false, 1), // Qwen 2, 2.5 and 3
        [$@"{Contractions}|{Letters}|\p{{N}}+|{Rest}"] = new(Gpt2: false, int.MaxValue),
    };

    public static WordPattern? ForKnown(string pattern) => Known.TryGetValue(pattern, out WordRule rule) ? new WordPattern(rule) : null;

    public override bool TryFind(ReadOnlySpan<char> text, int from, out int start, out int end)
    {
        start = from;
        end = from < text.Length ? EndOfWord(text, from) : from;
        return end > from;
    }

    private int EndOfWord(ReadOnlySpan<char> text, int start)
    {
        char first = text[start];
        if (first == '\'' && ContractionLength(text[(start + 1)..]) is > 0 and int length) return start + 1 + length;

        byte kind = CharacterKind.At(text, start, out int step);
        int next = start + step;
        switch (kind)
        {
            case CharacterKind.Letter: return EndOfRun(text, next, CharacterKind.Letter);
            case CharacterKind.Number: return EndOfNumber(text, next);
        }

        // A blank (or in the younger patterns any sign) may stand before letters, and a blank before signs.
        byte following = next < text.Length ? CharacterKind.At(text, next, out _) : CharacterKind.Space;
        bool prefixes = rule.Gpt2 ? first == ' ' : first is not ('\r' or '\n');
        if (following == CharacterKind.Letter && prefixes) return EndOfRun(text, next, CharacterKind.Letter);
        if (following == CharacterKind.Number && rule.Gpt2 && prefixes) return EndOfRun(text, next, CharacterKind.Number);
        if (kind == CharacterKind.Other || (first == ' ' && following == CharacterKind.Other)) return EndOfSigns(text, next);
        return EndOfSpace(text, start);
    }

    private int EndOfNumber(ReadOnlySpan<char> text, int position)
    {
        for (int count = 1; count < rule.MostDigits && position < text.Length; count++)
        {
            if (CharacterKind.At(text, position, out int length) != CharacterKind.Number) break;
            position += length;
        }

        return position;
    }

    private int EndOfSigns(ReadOnlySpan<char> text, int position)
    {
        position = EndOfRun(text, position, CharacterKind.Other);
        while (!rule.Gpt2 && position < text.Length && text[position] is '\r' or '\n') position++;
        return position;
    }

    /// <summary>Up to the last line end of the run; without one, all but the last character where something follows.</summary>
    private int EndOfSpace(ReadOnlySpan<char> text, int start)
    {
        int end = EndOfRun(text, start, CharacterKind.Space);
        if (!rule.Gpt2 && text[start..end].LastIndexOfAny('\r', '\n') is >= 0 and int line) return start + line + 1;
        return end < text.Length && end - start > 1 ? end - 1 : end;
    }

    private static int EndOfRun(ReadOnlySpan<char> text, int position, byte kind)
    {
        while (position < text.Length && CharacterKind.At(text, position, out int length) == kind) position += length;
        return position;
    }

    /// <summary>The length of s, t, re, ve, m, ll or d at the start; 0 where there is none of them.</summary>
    private int ContractionLength(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return 0;
        char first = Lower(text[0]), second = text.Length > 1 ? Lower(text[1]) : '\0';
        return (first, second) switch
        {
            ('s' or 't' or 'm' or 'd', _) => 1,
            ('r' or 'v', 'e') or ('l', 'l') => 2,
            _ => 0,
        };
    }

    private char Lower(char character)
    {
        if (rule.Gpt2) return character;
        return character == '\u017F' ? 's' : char.IsAsciiLetterUpper(character) ? (char)(character | 0x20) : character;
    }
}
