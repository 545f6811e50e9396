using System.Text;
using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization;

/// <summary>{"pattern": {"String" or "Regex": …}, "content": …}, the form that normalizers and decoders share.</summary>
internal sealed class TextReplacement
{
    private readonly TextPattern _pattern;
    private readonly string? _literal;
    private readonly string _content;

    private TextReplacement(TextPattern pattern, string? literal, string content)
    {
        _pattern = pattern;
        _literal = literal;
        _content = content;
    }

    /// <summary>The text that is replaced; null where it is a regular expression.</summary>
    public string? Literal => _literal;

    /// <summary>What comes in its place.</summary>
    public string Content => _content;

    /// <exception cref="InvalidOperationException">The pattern takes more steps than are left.</exception>
    public string Apply(string text, PatternBudget budget)
    {
        // A pattern that matches nothing at all would match here; Hugging Face's tokenizers do not ask it.
        if (text.Length == 0) return text;
        if (_literal is not null) return text.Replace(_literal, _content, StringComparison.Ordinal);
        var result = new StringBuilder(text.Length);
        int from = 0;
        TextPattern.MatchEnumerator matches = _pattern.Matches(text, budget);
        while (matches.MoveNext())
        {
            result.Append(text, from, matches.Start - from).Append(_content);
            from = matches.End;
        }

        return from == 0 && result.Length == 0 ? text : result.Append(text, from, text.Length - from).ToString();
    }

    public static TextReplacement Of(string literal, string content) => new(new LiteralPattern(literal), literal, content);

    public static TextReplacement Read(JsonField field)
    {
        JsonField pattern = field.Required("pattern");
        return new TextReplacement(TextPattern.Read(pattern), pattern.Optional("String")?.Text(), field.Required("content").Text());
    }
}
