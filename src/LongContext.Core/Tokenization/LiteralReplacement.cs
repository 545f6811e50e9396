namespace LongContext.Tokenization;

/// <summary>{"pattern": {"String": …}, "content": …}, the form that normalizers and decoders share.</summary>
internal sealed record LiteralReplacement(string Pattern, string Content)
{
    public string Apply(string text) => text.Replace(Pattern, Content, StringComparison.Ordinal);

    public static LiteralReplacement Read(JsonField field)
    {
        JsonField pattern = field.Required("pattern");
        if (pattern.Optional("Regex") is { } regex) throw regex.Unsupported("a pattern of the type 'Regex'", "String");
        JsonField literal = pattern.Required("String");
        string text = literal.Text();
        if (text.Length == 0) throw literal.Fault("expected a text to look for, found an empty string");
        return new LiteralReplacement(text, field.Required("content").Text());
    }
}
