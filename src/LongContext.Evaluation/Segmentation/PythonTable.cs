using System.Globalization;
using System.Text;

namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// A file of Python source that holds one table of numbers, or of such tables, by texts: <c>P={'B': {'a': -1.5}}</c>. It is read as data; whatever is not
/// of that form is an error, and nothing is ever evaluated.
/// </summary>
internal sealed class PythonTable
{
    private const int DeepestTable = 2;

    private readonly string path;
    private readonly string text;
    private int at;

    private PythonTable(string path, string text)
    {
        this.path = path;
        this.text = text;
    }

    /// <summary>Reads a file of one table of numbers.</summary>
    /// <exception cref="InvalidDataException">Anything else; the message has file and line.</exception>
    public static Dictionary<string, double> Load(string path) => Entries(path, new PythonTable(path, File.ReadAllText(path)).ReadAll());

    /// <summary>Reads a file of a table of tables of numbers.</summary>
    /// <exception cref="InvalidDataException">Anything else; the message has file and line.</exception>
    public static Dictionary<string, Dictionary<string, double>> LoadNested(string path) =>
        new PythonTable(path, File.ReadAllText(path)).ReadAll().ToDictionary(
            entry => entry.Key,
            entry => Entries(path, entry.Value as Dictionary<string, object> ?? throw new InvalidDataException($"{path}: found a number for '{entry.Key}', expected a table.")),
            StringComparer.Ordinal);

    private static Dictionary<string, double> Entries(string path, Dictionary<string, object> table) => table.ToDictionary(
        entry => entry.Key,
        entry => entry.Value as double? ?? throw new InvalidDataException($"{path}: found a table for '{entry.Key}', expected a number."),
        StringComparer.Ordinal);

    private Dictionary<string, object> ReadAll()
    {
        SkipSpace();
        const string Import = "from __future__ import unicode_literals";
        if (text.AsSpan(at).StartsWith(Import)) at += Import.Length;
        Expect('P');
        Expect('=');
        Dictionary<string, object> table = ReadTable(1);
        SkipSpace();
        return at == text.Length ? table : throw Fault("the end of the file");
    }

    private Dictionary<string, object> ReadTable(int depth)
    {
        Dictionary<string, object> table = new(StringComparer.Ordinal);
        Expect('{');
        while (!Accept('}'))
        {
            string key = ReadText();
            Expect(':');
            SkipSpace();
            object value = Peek == '{' && depth < DeepestTable ? ReadTable(depth + 1) : ReadNumber();
            if (!table.TryAdd(key, value)) throw Fault($"each key once, after a second '{key}'");
            if (Accept(',')) continue;
            Expect('}');
            break;
        }

        return table;
    }

    private string ReadText()
    {
        SkipSpace();
        char quote = Peek;
        if (quote is not ('\'' or '"')) throw Fault("a text in quotes");
        var value = new StringBuilder();
        for (at++; Peek != quote; at++)
        {
            if (Peek is '\0' or '\n') throw Fault("the text's closing quote");
            value.Append(Peek == '\\' ? ReadEscape() : Peek);
        }

        at++;
        return value.ToString();
    }

    /// <summary>One of Python's escapes that name a character by its number; ends on its last digit.</summary>
    private char ReadEscape()
    {
        int digits = at + 1 < text.Length ? text[at + 1] switch { 'u' => 4, 'x' => 2, _ => 0 } : 0;
        if (digits == 0 || at + 2 + digits > text.Length || !ushort.TryParse(text.AsSpan(at + 2, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort number))
            throw Fault(@"\u and four hexadecimal digits");
        at += 1 + digits;
        return (char)number;
    }

    private double ReadNumber()
    {
        int start = at;
        while (char.IsAsciiDigit(Peek) || Peek is '+' or '-' or '.' or 'e' or 'E') at++;
        if (double.TryParse(text.AsSpan(start..at), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)) return number;
        at = start;
        throw Fault("a number");
    }

    private char Peek => at < text.Length ? text[at] : '\0';

    private void SkipSpace()
    {
        while (Peek is ' ' or '\t' or '\r' or '\n') at++;
    }

    private bool Accept(char c)
    {
        SkipSpace();
        if (Peek != c) return false;
        at++;
        return true;
    }

    private void Expect(char c)
    {
        if (!Accept(c)) throw Fault($"'{c}'");
    }

    private InvalidDataException Fault(string expected)
    {
        int line = text.AsSpan(0, at).Count('\n') + 1;
        string found = at == text.Length ? "the end of the file" : $"\"{text[at..Math.Min(text.Length, at + 20)].Split('\n')[0]}\"";
        return new InvalidDataException($"{path}, line {line}: found {found}, expected {expected}.");
    }
}
