using System.Text;
using System.Text.RegularExpressions;

namespace LongContext.Chat.Templates;

/// <summary>Cuts a Jinja template into its parts, with white space treated as transformers' settings have it. Runs nothing.</summary>
internal static partial class TemplateLexer
{
    /// <summary>Stands before an escape that no known template has, so that a text with it equals none of theirs.</summary>
    public const char Unknown = '\uFFFF';

    /// <summary>Templates are shorter than this; what is longer is not looked at.</summary>
    public const int MaximumLength = 1 << 16;

    public static List<TemplatePart> Split(string template)
    {
        // Jinja takes every line end for a line feed, and drops one at the very end.
        string source = template.ReplaceLineEndings("\n");
        if (source.EndsWith('\n')) source = source[..^1];
        var parts = new List<TemplatePart>();
        var data = new StringBuilder();
        int from = 0;
        for (int at = 0; (at = NextOpening(source, at)) >= 0; at = from)
        {
            Match tag = Tags().Match(source, at);
            if (!tag.Success)
            {
                // Jinja refuses what does not close, and so no known template has it; looking on would take the square of the length.
                data.Append(Unknown);
                break;
            }

            data.Append(Before(source, from, tag));
            from = After(source, tag);
            if (tag.Value[1] == '#') continue;
            Flush(parts, data);
            AddTag(parts, tag.Value);
        }

        data.Append(source, from, source.Length - from);
        Flush(parts, data);
        return parts;
    }

    /// <summary>Where the next tag opens, from a place on; −1 where none does.</summary>
    private static int NextOpening(string source, int from)
    {
        for (int at = from; at + 1 < source.Length; at++)
        {
            at = source.IndexOf('{', at);
            if (at < 0 || at + 1 >= source.Length) return -1;
            if (source[at + 1] is '#' or '%' or '{') return at;
        }

        return -1;
    }

    /// <summary>The text before a tag, less the white space that the tag takes away.</summary>
    private static ReadOnlySpan<char> Before(string source, int from, Match tag)
    {
        ReadOnlySpan<char> text = source.AsSpan(from, tag.Index - from);
        if (tag.Value[2] == '-') return text.TrimEnd();
        if (tag.Value[1] == '{' || tag.Value[2] == '+') return text;
        int line = text.LastIndexOf('\n') + 1;
        bool beginsLine = line > 0 || from == 0 || source[from - 1] == '\n';
        return beginsLine && text[line..].IsWhiteSpace() ? text[..line] : text;
    }

    /// <summary>Where the text after a tag begins, less the white space that the tag takes away.</summary>
    private static int After(string source, Match tag)
    {
        int from = tag.Index + tag.Length;
        char mark = tag.Value[^3];
        if (mark == '-')
        {
            while (from < source.Length && char.IsWhiteSpace(source[from])) from++;
        }
        else if (tag.Value[1] != '{' && mark != '+' && from < source.Length && source[from] == '\n')
        {
            from++;
        }

        return from;
    }

    private static void Flush(List<TemplatePart> parts, StringBuilder data)
    {
        if (data.Length > 0) parts.Add(new TemplatePart('D', data.ToString()));
        data.Clear();
    }

    private static void AddTag(List<TemplatePart> parts, string tag)
    {
        bool statement = tag[1] == '%';
        int start = tag[2] is '-' or '+' ? 3 : 2, end = tag[^3] is '-' or '+' ? 3 : 2;
        parts.Add(new TemplatePart(statement ? '[' : '{', ""));
        string inside = start + end < tag.Length ? tag[start..^end] : "";
        foreach (Match token in Tokens().Matches(inside))
        {
            bool quoted = token.Value[0] is '\'' or '"' && token.Length > 1;
            parts.Add(quoted ? new TemplatePart('S', Unescape(token.Value[1..^1])) : new TemplatePart('T', token.Value));
        }

        parts.Add(new TemplatePart(statement ? ']' : '}', ""));
    }

    private static string Unescape(string text) => Escapes().Replace(text, escape => escape.Value[1] switch
    {
        'n' => "\n",
        't' => "\t",
        'r' => "\r",
        '\\' => "\\",
        '\'' => "'",
        '"' => "\"",
        _ => Unknown + escape.Value,
    });

    /// <summary>A comment, a statement or an expression; braces and percent signs inside strings do not end it.</summary>
    [GeneratedRegex(
        """\G(?:\{#.*?#\}|\{%(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"])*?%\}|\{\{(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^'"])*?\}\})""",
        RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Tags();

    [GeneratedRegex("""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\w+|[^\s\w]""", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Tokens();

    [GeneratedRegex("""\\.""", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Escapes();
}
