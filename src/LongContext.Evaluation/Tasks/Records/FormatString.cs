using System.Text;
using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>
/// A text with places like {context} to fill in, by the rules of Python's str.format as far as files of prompts use them: {{ and }} stand for braces, and a place holds a
/// name alone, or, where that is allowed, nothing. What is filled in is not looked at again.
/// </summary>
internal sealed class FormatString
{
    private readonly string[] literals; // one more than places

    private FormatString(string[] literals, string[] names) => (this.literals, Names) = (literals, names);

    /// <summary>The names of the places, in their order; one may occur twice. Empty for a place without one.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads the text of an option.</summary>
    /// <param name="text">The text.</param>
    /// <param name="option">The option's name.</param>
    /// <param name="parameter">The parameter with it.</param>
    /// <param name="allowsUnnamed">Whether a place may be {}.</param>
    /// <exception cref="ArgumentException">It is no such text; the message says where.</exception>
    public static FormatString ParseOption(string text, string option, string parameter, bool allowsUnnamed = false)
    {
        try
        {
            return Parse(text, allowsUnnamed);
        }
        catch (DataFormatException fault)
        {
            throw new ArgumentException($"{option}: {fault.Message}.", parameter);
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="allowsUnnamed">Whether a place may be {}.</param>
    /// <exception cref="DataFormatException">It is no such text; the message says where, and tells nothing of the file.</exception>
    public static FormatString Parse(string text, bool allowsUnnamed = false)
    {
        List<string> literals = [], names = [];
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
                if (name.Length == 0 && !allowsUnnamed) throw Fault(at, "the place {} has no name");
                if (name.AsSpan().IndexOfAny("{!:[") >= 0) throw Fault(at, $"the place {{{name}}} has more than a name in it, expected a field's name alone");
                literals.Add(literal.ToString());
                names.Add(name);
                literal.Clear();
                at = end;
            }
        }

        literals.Add(literal.ToString());
        return new FormatString([.. literals], [.. names]);

        static DataFormatException Fault(int at, string fault) => new(FormattableString.Invariant($"at character {at + 1}, {fault}"));
    }

    /// <summary>The whole text, filled in.</summary>
    /// <param name="value">What stands in a place of that name.</param>
    public string Fill(Func<string, string> value) => Fill(0, Names.Count, (name, _) => value(name));

    /// <summary>The whole text, filled in.</summary>
    /// <param name="value">What stands in a place of that name and number, from 0.</param>
    public string Fill(Func<string, int, string> value) => Fill(0, Names.Count, value);

    /// <summary>The text before the first place of a name, and the text behind it.</summary>
    /// <param name="name">The place; there must be one.</param>
    /// <param name="value">What stands in the other places.</param>
    public (string Before, string After) FillAround(string name, Func<string, string> value)
    {
        int at = 0;
        while (Names[at] != name) at++;
        return (Fill(0, at, (other, _) => value(other)), Fill(at + 1, Names.Count, (other, _) => value(other)));
    }

    /// <summary>From the text behind a place to the text before another one, or the end.</summary>
    private string Fill(int from, int to, Func<string, int, string> value)
    {
        StringBuilder text = new(literals[from]);
        for (int i = from; i < to; i++) text.Append(value(Names[i], i)).Append(literals[i + 1]);
        return text.ToString();
    }
}
