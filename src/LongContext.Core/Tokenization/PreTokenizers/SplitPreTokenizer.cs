using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Cuts at the matches of a pattern, or, inverted, at what lies between them.</summary>
internal sealed class SplitPreTokenizer(string typeName, TextPattern pattern, SplitBehavior behavior, bool invert) : TextPreTokenizer
{
    /// <summary>Words and runs of signs: \w+|[^\w\s]+.</summary>
    public static SplitPreTokenizer Whitespace { get; } =
        new("Whitespace", new RunPattern(CharacterSets.WordWithJoiners, CharacterSets.WordWithJoiners.Union(UnicodeSets.Space).Complement()), SplitBehavior.Removed, invert: true);

    /// <summary>What stands between white space; a run of it goes like each of its characters.</summary>
    public static SplitPreTokenizer WhitespaceSplit { get; } = new("WhitespaceSplit", new SpacePattern(), SplitBehavior.Removed, invert: false);

    public static SplitPreTokenizer IsolatedPunctuation { get; } =
        new("Punctuation", new CodePointPattern(CharacterSets.Punctuation), SplitBehavior.Isolated, invert: false);

    public override string TypeName => typeName;

    public override string? Regex => Spelling;

    /// <summary>The pattern as the file spells it, where it is a regular expression.</summary>
    public string? Spelling { get; init; }

    /// <summary>The pattern where it is a text.</summary>
    public string? Literal { get; init; }

    public SplitBehavior Behavior => behavior;

    public bool Inverts => invert;

    public override void Apply(PreTokenizedText text)
    {
        for (int i = 0; i < text.Count; i++)
        {
            (int start, int end) = text.Piece(i);
            Cut(text, start, text.Text[start..end]);
        }

        text.FinishCutting();
    }

    private void Cut(PreTokenizedText output, int origin, ReadOnlySpan<char> piece)
    {
        var cutter = new PieceCutter(output, behavior);
        TextPattern.MatchEnumerator matches = pattern.Matches(piece, output.Budget);
        int from = 0;
        while (matches.MoveNext())
        {
            if (from < matches.Start) cutter.Add(origin + from, origin + matches.Start, isMatch: invert);
            cutter.Add(origin + matches.Start, origin + matches.End, isMatch: !invert);
            from = matches.End;
        }

        if (from < piece.Length) cutter.Add(origin + from, origin + piece.Length, isMatch: invert);
        cutter.Finish();
    }

    public static SplitPreTokenizer ReadSplit(JsonField field) =>
        new("Split", TextPattern.Read(field.Required("pattern")), ReadBehavior(field.Required("behavior")), field.Flag("invert"))
        {
            Spelling = field.Required("pattern").Optional("Regex")?.Text(),
            Literal = field.Required("pattern").Optional("String")?.Text(),
        };

    public static SplitPreTokenizer Digits(JsonField field) =>
        new("Digits", new CodePointPattern(CharacterSets.Numeric), field.Flag("individual_digits") ? SplitBehavior.Isolated : SplitBehavior.Contiguous, invert: false);

    public static SplitPreTokenizer Punctuation(JsonField field) =>
        new(
            "Punctuation",
            new CodePointPattern(CharacterSets.Punctuation),
            field.Optional("behavior") is { } behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated,
            invert: false);

    public static SplitPreTokenizer Delimiter(JsonField field) =>
        new("CharDelimiterSplit", new LiteralPattern(field.Required("delimiter").Character()), SplitBehavior.Removed, invert: false);

    private static SplitBehavior ReadBehavior(JsonField field)
    {
        string name = field.Text();
        return Array.IndexOf(Enum.GetNames<SplitBehavior>(), name) >= 0
            ? Enum.Parse<SplitBehavior>(name)
            : throw field.Unsupported($"the behavior '{name}'", string.Join(", ", Enum.GetNames<SplitBehavior>()));
    }
}
