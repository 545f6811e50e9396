using System.Text;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A text with places like {answer}, or {} without a name, to fill in; {{ and }} stand for braces.</summary>
internal sealed class TextPlaces
{
    private readonly string[] literals; // one more than places

    private TextPlaces(string[] literals, string?[] names) => (this.literals, Names) = (literals, names);

    /// <summary>The places' names in their order; null for one without.</summary>
    public IReadOnlyList<string?> Names { get; }

    /// <summary>Reads a text.</summary>
    /// <exception cref="ArgumentException">A brace is alone, or a place holds more than a name.</exception>
    public static TextPlaces Parse(string text, string parameter)
    {
        List<string> literals = [];
        List<string?> names = [];
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
            else
            {
                int end = c == '{' ? text.IndexOf('}', at) : -1;
                string name = end < 0 ? "" : text[(at + 1)..end];
                if (end < 0 || name.AsSpan().ContainsAny("{ \n"))
                    throw new ArgumentException(FormattableString.Invariant($"At character {at + 1}, {c} stands alone; write {c}{c} for the character, or a name in braces for a place."), parameter);
                literals.Add(literal.ToString());
                names.Add(name.Length == 0 ? null : name);
                literal.Clear();
                at = end;
            }
        }

        literals.Add(literal.ToString());
        return new TextPlaces([.. literals], [.. names]);
    }

    /// <summary>The text with every place filled in by its name and number.</summary>
    public string Fill(Func<string?, int, string> value) => Fill(0, Names.Count, value);

    /// <summary>The text before the first place of a name, and the text behind it.</summary>
    public (string Before, string After) FillAround(string name, Func<string?, int, string> value)
    {
        int at = 0;
        while (Names[at] != name) at++;
        return (Fill(0, at, value), Fill(at + 1, Names.Count, value));
    }

    /// <summary>From the text before a place to the text before another one, or the end.</summary>
    private string Fill(int from, int to, Func<string?, int, string> value)
    {
        StringBuilder text = new(literals[from]);
        for (int i = from; i < to; i++) text.Append(value(Names[i], i)).Append(literals[i + 1]);
        return text.ToString();
    }
}
