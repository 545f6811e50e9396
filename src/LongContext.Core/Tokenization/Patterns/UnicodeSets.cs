using System.Globalization;

namespace LongContext.Tokenization.Patterns;

/// <summary>
/// The character classes that patterns name. General categories are those of the runtime, which in .NET 10 are of Unicode 16,
/// as in the Oniguruma (6.9.10) of Hugging Face's tokenizers 0.23; every class here was compared with it on every code point.
/// </summary>
internal static class UnicodeSets
{
    private static readonly Dictionary<string, UnicodeCategory[]> s_categories = Categories();

    public static CodePointSet Any { get; } = new(_ => true);

    public static CodePointSet NotNewLine { get; } = new(codePoint => codePoint != '\n');

    /// <summary>White_Space.</summary>
    public static CodePointSet Space { get; } = new(codePoint => codePoint <= char.MaxValue && char.IsWhiteSpace((char)codePoint));

    /// <summary>Nd.</summary>
    public static CodePointSet Digit { get; } = new(codePoint => CategoryOf(codePoint) == UnicodeCategory.DecimalDigitNumber);

    /// <summary>Oniguruma's \w within brackets.</summary>
    public static CodePointSet WordInClass { get; } = new(IsWord);

    /// <summary>Oniguruma's \w outside of brackets, where it has six numbers of Latin-1 besides.</summary>
    public static CodePointSet Word { get; } = new(codePoint => IsWord(codePoint) || codePoint is 0xB2 or 0xB3 or 0xB9 or (>= 0xBC and <= 0xBE));

    public static CodePointSet HexDigit { get; } = new(codePoint => codePoint < 128 && char.IsAsciiHexDigit((char)codePoint));

    public static UnicodeCategory CategoryOf(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint);

    /// <summary>What UTS #18 calls a word character, less the joiners: Alphabetic, marks, decimal digits and connectors.</summary>
    public static bool IsWord(int codePoint) => CategoryOf(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.LetterNumber
            or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.DecimalDigitNumber or UnicodeCategory.ConnectorPunctuation => true,
        UnicodeCategory.OtherSymbol => codePoint is (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
        _ => false,
    };

    /// <summary>The set of \p{name}, or null where the name is not known here.</summary>
    public static CodePointSet? Property(string name)
    {
        string key = Key(name);
        if (s_categories.TryGetValue(key, out UnicodeCategory[]? categories))
        {
            uint mask = 0;
            foreach (UnicodeCategory category in categories) mask |= 1u << (int)category;
            return new CodePointSet(codePoint => (mask >> (int)CategoryOf(codePoint) & 1) != 0);
        }

        return key switch
        {
            "any" => Any,
            "space" => Space,
            "digit" => Digit,
            "word" => WordInClass,
            "xdigit" => HexDigit,
            _ => UnicodeScripts.Find(key),
        };
    }

    /// <summary>The set of [:name:], or null where the name is not known here.</summary>
    public static CodePointSet? Bracket(string name) => name switch
    {
        "space" => Space,
        "digit" => Digit,
        "word" => WordInClass,
        "xdigit" => HexDigit,
        "punct" => Property("P")!.Union(Property("S")!),
        "cntrl" => Property("Cc"),
        "ascii" => CodePointSet.Range(0, 127),
        "blank" => new CodePointSet(codePoint => codePoint == '\t' || CategoryOf(codePoint) == UnicodeCategory.SpaceSeparator),
        _ => null,
    };

    private static string Key(string name) =>
        string.Concat(name.Where(character => character is not (' ' or '_' or '-'))).ToLowerInvariant();

    /// <summary>Categories by their short and long names, and the groups that a first letter stands for.</summary>
    private static Dictionary<string, UnicodeCategory[]> Categories()
    {
        (string Short, string Long, UnicodeCategory Category)[] all =
        [
            ("lu", "uppercaseletter", UnicodeCategory.UppercaseLetter), ("ll", "lowercaseletter", UnicodeCategory.LowercaseLetter),
            ("lt", "titlecaseletter", UnicodeCategory.TitlecaseLetter), ("lm", "modifierletter", UnicodeCategory.ModifierLetter),
            ("lo", "otherletter", UnicodeCategory.OtherLetter), ("mn", "nonspacingmark", UnicodeCategory.NonSpacingMark),
            ("mc", "spacingmark", UnicodeCategory.SpacingCombiningMark), ("me", "enclosingmark", UnicodeCategory.EnclosingMark),
            ("nd", "decimalnumber", UnicodeCategory.DecimalDigitNumber), ("nl", "letternumber", UnicodeCategory.LetterNumber),
            ("no", "othernumber", UnicodeCategory.OtherNumber), ("pc", "connectorpunctuation", UnicodeCategory.ConnectorPunctuation),
            ("pd", "dashpunctuation", UnicodeCategory.DashPunctuation), ("ps", "openpunctuation", UnicodeCategory.OpenPunctuation),
            ("pe", "closepunctuation", UnicodeCategory.ClosePunctuation), ("pi", "initialpunctuation", UnicodeCategory.InitialQuotePunctuation),
            ("pf", "finalpunctuation", UnicodeCategory.FinalQuotePunctuation), ("po", "otherpunctuation", UnicodeCategory.OtherPunctuation),
            ("sm", "mathsymbol", UnicodeCategory.MathSymbol), ("sc", "currencysymbol", UnicodeCategory.CurrencySymbol),
            ("sk", "modifiersymbol", UnicodeCategory.ModifierSymbol), ("so", "othersymbol", UnicodeCategory.OtherSymbol),
            ("zs", "spaceseparator", UnicodeCategory.SpaceSeparator), ("zl", "lineseparator", UnicodeCategory.LineSeparator),
            ("zp", "paragraphseparator", UnicodeCategory.ParagraphSeparator), ("cc", "control", UnicodeCategory.Control),
            ("cf", "format", UnicodeCategory.Format), ("cs", "surrogate", UnicodeCategory.Surrogate),
            ("co", "privateuse", UnicodeCategory.PrivateUse), ("cn", "unassigned", UnicodeCategory.OtherNotAssigned),
        ];
        var byName = new Dictionary<string, UnicodeCategory[]>();
        foreach ((string shortName, string longName, UnicodeCategory category) in all) byName[shortName] = byName[longName] = [category];
        foreach ((string shortName, string longName) in new[]
            { ("l", "letter"), ("m", "mark"), ("n", "number"), ("p", "punctuation"), ("s", "symbol"), ("z", "separator"), ("c", "other") })
        {
            byName[shortName] = byName[longName] = [.. all.Where(entry => entry.Short[0] == shortName[0]).Select(entry => entry.Category)];
        }

        byName["lc"] = byName["casedletter"] = [UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter, UnicodeCategory.TitlecaseLetter];
        return byName;
    }
}
