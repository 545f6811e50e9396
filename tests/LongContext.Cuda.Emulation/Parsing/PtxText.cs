using System.Globalization;

namespace LongContext.Cuda.Emulation.Parsing;

/// <summary>A cursor over PTX text that knows its line.</summary>
internal sealed class PtxText(string file, string text)
{
    private int position;

    public string File { get; } = file;

    public int Line { get; private set; } = 1;

    public PtxException Error(string message, int line = 0) => new(File, line == 0 ? Line : line, message);

    public bool AtEnd
    {
        get
        {
            SkipSpace();
            return position >= text.Length;
        }
    }

    public char Peek
    {
        get
        {
            SkipSpace();
            return position < text.Length ? text[position] : '\0';
        }
    }

    public bool Accept(char c)
    {
        if (Peek != c)
            return false;
        position++;
        return true;
    }

    public void Expect(char c)
    {
        if (!Accept(c))
            throw Error($"'{c}' expected, found {Found()}");
    }

    public string Found() => position >= text.Length ? "the end" : $"'{text[position..Math.Min(text.Length, position + 20)].Split('\n')[0]}'";

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c is '_' or '$' or '%';

    private static bool IsNamePart(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$';

    /// <summary>A name; empty where none begins.</summary>
    public string Name()
    {
        if (!IsNameStart(Peek))
            return "";
        int start = position++;
        while (position < text.Length && IsNamePart(text[position]))
            position++;
        return text[start..position];
    }

    public string ExpectName()
    {
        string name = Name();
        return name.Length > 0 ? name : throw Error($"a name expected, found {Found()}");
    }

    /// <summary>The suffix .x, .y or .z of a special register's name.</summary>
    public string Component()
    {
        if (position + 1 < text.Length && text[position] == '.' && char.IsAsciiLetter(text[position + 1]))
        {
            int start = position++;
            while (position < text.Length && IsNamePart(text[position]))
                position++;
            return text[start..position];
        }
        return "";
    }

    /// <summary>An opcode with its modifiers, or a label's name where a single colon follows.</summary>
    public string Opcode()
    {
        SkipSpace();
        int start = position;
        while (position < text.Length)
        {
            char c = text[position];
            if (IsNamePart(c) || c == '.' || (c == '%' && position == start))
                position++;
            else if (c == ':' && position + 1 < text.Length && text[position + 1] == ':')
                position += 2;
            else
                break;
        }
        return position > start ? text[start..position] : throw Error($"an instruction expected, found {Found()}");
    }

    /// <summary>A directive's or modifier's name after its dot; empty where no dot stands.</summary>
    public string Dotted()
    {
        if (Peek != '.')
            return "";
        int start = ++position;
        while (position < text.Length && (IsNamePart(text[position]) || text[position] == ':'))
            position++;
        return text[start..position];
    }

    /// <summary>The rest of a version number or target list up to the line's end.</summary>
    public string RestOfLine()
    {
        SkipSpace();
        int start = position;
        while (position < text.Length && text[position] is not ('\n' or '\r') && !(text[position] == '/' && position + 1 < text.Length && text[position + 1] == '/'))
            position++;
        return text[start..position].Trim();
    }

    public void SkipBraces()
    {
        Expect('{');
        for (int depth = 1; depth > 0;)
        {
            if (position >= text.Length)
                throw Error("a closing brace is missing");
            char c = text[position++];
            if (c == '\n')
                Line++;
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        }
    }

    public string QuotedText()
    {
        Expect('"');
        int start = position;
        while (position < text.Length && text[position] != '"')
            position++;
        string result = text[start..Math.Min(position, text.Length)];
        position++;
        return result;
    }

    public bool AtNumber
    {
        get
        {
            char c = Peek;
            return char.IsAsciiDigit(c) || (c is '-' or '+' && position + 1 < text.Length && char.IsAsciiDigit(text[position + 1]));
        }
    }

    public long Integer()
    {
        ImmediateOperand number = Number();
        return number.Kind == ImmediateKind.Integer ? number.Bits : throw Error($"an integer expected, found {number.Text}");
    }

    public ImmediateOperand Number()
    {
        SkipSpace();
        bool negative = false;
        if (text[position] is '-' or '+')
            negative = text[position++] == '-';
        int start = position;
        while (position < text.Length && (char.IsAsciiLetterOrDigit(text[position]) || text[position] == '.'
            || (text[position] is '+' or '-' && position > start && text[position - 1] is 'e' or 'E' && !text[start..position].StartsWith("0x", StringComparison.OrdinalIgnoreCase))))
            position++;
        string s = text[start..position];
        if (s.Length == 10 && s.StartsWith("0f", StringComparison.OrdinalIgnoreCase) && uint.TryParse(s.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint single))
            return new ImmediateOperand(negative ? single ^ 0x80000000u : single, ImmediateKind.Single);
        if (s.Length == 18 && s.StartsWith("0d", StringComparison.OrdinalIgnoreCase) && ulong.TryParse(s.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong twice))
            return new ImmediateOperand((long)(negative ? twice ^ 0x8000000000000000ul : twice), ImmediateKind.Double);
        string digits = s.TrimEnd('U');
        bool ok;
        ulong value;
        if (digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            ok = ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
        else if (digits.StartsWith("0b", StringComparison.OrdinalIgnoreCase))
            ok = ulong.TryParse(digits.AsSpan(2), NumberStyles.AllowBinarySpecifier, CultureInfo.InvariantCulture, out value);
        else
            ok = ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (ok)
            return new ImmediateOperand(negative ? -(long)value : (long)value, ImmediateKind.Integer);
        if (s.Contains('.', StringComparison.Ordinal) && double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out double real))
            return new ImmediateOperand(BitConverter.DoubleToInt64Bits(negative ? -real : real), ImmediateKind.Double);
        throw Error($"'{s}' is not a number");
    }

    public void SkipSpace()
    {
        while (position < text.Length)
        {
            char c = text[position];
            if (c == '\n')
                Line++;
            if (char.IsWhiteSpace(c))
                position++;
            else if (c == '/' && position + 1 < text.Length && text[position + 1] == '/')
            {
                while (position < text.Length && text[position] != '\n')
                    position++;
            }
            else if (c == '/' && position + 1 < text.Length && text[position + 1] == '*')
            {
                int end = text.IndexOf("*/", position + 2, StringComparison.Ordinal);
                if (end < 0)
                    throw Error("a comment does not end");
                Line += text.AsSpan(position, end - position).Count('\n');
                position = end + 2;
            }
            else
                break;
        }
    }
}
