using System.Text;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>
/// A text with places like {context} to fill in, by the rules of Python's str.format as far as files of prompts use them: {{ and }} stand for braces, and a place holds a
/// name alone. What is filled in is not looked at again.
/// </summary>
internal sealed class FormatString
{
    private readonly List<(string Literal, string? Name)> parts; // text, then the place behind it; the last part has no place

    private FormatString(List<(string Literal, string? Name)> parts) => this.parts = parts;

    /// <summary>The names of the places, in their order; one may occur twice.</summary>
    public IEnumerable<string> Names => parts.Where(part => part.Name is not null).Select(part => part.Name!);

    /// <summary>Reads a text.</summary>
    /// <exception cref="DataFormatException">It is no such text; the message says where, and tells nothing of the file.</exception>
    public static FormatString Parse(string text)
    {
        List<(string, string?)> parts = [];
        StringBuilder literal = new();
        for (int at = 0; at < text.Length; at++)
        {
            char c = text[at];
            if (c is not ('{' or '}'))
            {
                literal.Append(c);
            }
            else if (at + 1 < text.Length && text[at + 1] == c)
            {
                literal.Append(c);
                at++;
            }
            else if (c == '}')
            {
                throw Fault(at, "a } closes nothing; write }} for the character");
            }
            else
            {
                int end = text.IndexOf('}', at);
                if (end < 0) throw Fault(at, "a { is not closed; write {{ for the character");
                string name = text[(at + 1)..end];
                if (name.Length == 0) throw Fault(at, "the place {} has no name");
                if (name.AsSpan().IndexOfAny("{!:[") >= 0) throw Fault(at, $"the place {{{name}}} has more than a name in it, expected a field's name alone");
                parts.Add((literal.ToString(), name));
                literal.Clear();
                at = end;
            }
        }

        parts.Add((literal.ToString(), null));
        return new FormatString(parts);

        static DataFormatException Fault(int at, string fault) => new(FormattableString.Invariant($"at character {at + 1}, {fault}"));
    }

    /// <summary>The whole text, filled in.</summary>
    /// <param name="value">What stands in a place of that name.</param>
    public string Fill(Func<string, string> value) => Fill(0, parts.Count, value);

    /// <summary>The text before the first place of a name, and the text behind it.</summary>
    /// <param name="name">The place; there must be one.</param>
    /// <param name="value">What stands in the other places.</param>
    public (string Before, string After) FillAround(string name, Func<string, string> value)
    {
        int at = parts.FindIndex(part => part.Name == name);
        return (Fill(0, at, value) + parts[at].Literal, Fill(at + 1, parts.Count, value));
    }

    private string Fill(int from, int to, Func<string, string> value)
    {
        StringBuilder text = new();
        for (int i = from; i < to; i++)
        {
            text.Append(parts[i].Literal);
            if (parts[i].Name is { } name) text.Append(value(name));
        }

        return text.ToString();
    }
}
