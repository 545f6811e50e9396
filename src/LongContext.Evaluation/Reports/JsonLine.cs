using System.Buffers;
using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>Writes one line of JSON without loss: the framework's writer turns halves of surrogate pairs, with which a cut answer may end, into something else.</summary>
/// <param name="writer">Where to.</param>
internal sealed class JsonLine(TextWriter writer)
{
    // All that JSON demands, and what some readers take for the end of a line or of a text.
    private static readonly SearchValues<char> Special = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Select(c => (char)c), '"', '\\', '\u007F', '\u0085', '\u2028', '\u2029', '\uFFFE', '\uFFFF', .. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    private bool follows;

    public void Object(string? name, Action write) => Nested(name, '{', write, '}');

    public void Array<T>(string? name, IEnumerable<T> elements, Action<T> write) => Nested(
        name,
        '[',
        () =>
        {
            foreach (T element in elements) write(element);
        },
        ']');

    public void End()
    {
        writer.Write('\n');
        follows = false;
    }

    public void Text(string? name, string? value)
    {
        if (value is null) return;
        Name(name);
        Quoted(value);
    }

    public void Number(string name, double? value)
    {
        if (value is not { } number) return;
        Name(name);
        // The shortest text that gives the same number again; JSON has none for the others.
        if (double.IsFinite(number)) writer.Write(number.ToString("R", CultureInfo.InvariantCulture));
        else Quoted(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
    }

    public void Number(string name, decimal? value)
    {
        if (value is not { } number) return;
        Name(name);
        writer.Write(number.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>A count; what is left out counts as 0.</summary>
    public void Count(string name, long value)
    {
        if (value == 0) return;
        Whole(name, value);
    }

    public void Whole(string name, long? value)
    {
        if (value is not { } number) return;
        Name(name);
        writer.Write(number.ToString(CultureInfo.InvariantCulture));
    }

    public void True(string name, bool value)
    {
        if (!value) return;
        Name(name);
        writer.Write("true");
    }

    private void Nested(string? name, char start, Action write, char end)
    {
        Name(name);
        writer.Write(start);
        follows = false;
        write();
        writer.Write(end);
        follows = true;
    }

    private void Name(string? name)
    {
        if (follows) writer.Write(',');
        follows = true;
        if (name is null) return;
        Quoted(name);
        writer.Write(':');
    }

    private void Quoted(ReadOnlySpan<char> text)
    {
        writer.Write('"');
        while (text.Length > 0)
        {
            int plain = text.IndexOfAny(Special);
            if (plain < 0) plain = text.Length;
            writer.Write(text[..plain]);
            text = text[plain..];
            if (text.Length == 0) break;
            int taken = 1;
            switch (text[0])
            {
                case '"': writer.Write("\\\""); break;
                case '\\': writer.Write("\\\\"); break;
                case '\n': writer.Write("\\n"); break;
                case '\r': writer.Write("\\r"); break;
                case '\t': writer.Write("\\t"); break;
                default:
                    if (text.Length > 1 && char.IsSurrogatePair(text[0], text[1])) writer.Write(text[..(taken = 2)]);
                    else writer.Write(string.Create(CultureInfo.InvariantCulture, $"\\u{(int)text[0]:X4}"));
                    break;
            }

            text = text[taken..];
        }

        writer.Write('"');
    }
}
