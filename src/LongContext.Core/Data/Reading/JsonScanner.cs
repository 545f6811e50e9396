using System.Buffers;

namespace LongContext.Data.Reading;

/// <summary>
/// Finds where a JSON value ends, by its brackets and quotes alone: what it finds may be no sound JSON, but sound JSON it finds whole.
/// Takes the value in parts of any size.
/// </summary>
internal struct JsonScanner
{
    private static readonly SearchValues<byte> s_structure = SearchValues.Create("\"{}[]"u8);
    private static readonly SearchValues<byte> s_scalarEnds = SearchValues.Create(" \t\r\n,]}"u8);

    private int depth;
    private bool begun;
    private bool inString;

    /// <summary>The value is a number or a word, which has no end of its own.</summary>
    public bool IsScalar { get; private set; }

    /// <summary>How many of the bytes given have been looked at.</summary>
    public int Scanned { get; private set; }

    /// <summary>Looks on from where it stands; whether the value ends within what there is, after <see cref="Scanned"/> bytes.</summary>
    /// <param name="value">The value from its first byte on (or from what was forgotten on), as far as it has been read.</param>
    public bool TryFindEnd(ReadOnlySpan<byte> value)
    {
        if (!begun && value.Length > 0)
        {
            begun = true;
            IsScalar = value[0] is not ((byte)'{' or (byte)'[' or (byte)'"');
            // One byte at least, or a comma would be a value without end.
            if (IsScalar) Scanned = 1;
        }

        if (IsScalar)
        {
            int end = value[Scanned..].IndexOfAny(s_scalarEnds);
            Scanned = end < 0 ? value.Length : Scanned + end;
            return end >= 0;
        }

        while (Scanned < value.Length)
        {
            int at = inString ? value[Scanned..].IndexOfAny((byte)'"', (byte)'\\') : value[Scanned..].IndexOfAny(s_structure);
            if (at < 0)
            {
                Scanned = value.Length;
                return false;
            }

            at += Scanned;
            if (inString && value[at] == '\\')
            {
                Scanned = at; // the escaped byte may be missing yet
                if (at + 1 >= value.Length) return false;
                Scanned = at + 2;
                continue;
            }

            Scanned = at + 1;
            if (value[at] == '"') inString = !inString;
            else depth += value[at] is (byte)'{' or (byte)'[' ? 1 : -1;
            if (depth <= 0 && !inString) return true;
        }

        return false;
    }

    /// <summary>The bytes looked at are not given again.</summary>
    public void Forget() => Scanned = 0;
}
