using System.Text;
using System.Text.Unicode;
using LongContext.Data.Reading;

namespace LongContext.Data.Tables;

/// <summary>The fields of a CSV record.</summary>
internal static class CsvFields
{
    private const byte Quote = (byte)'"';
    private static readonly byte[] Separators = [(byte)',', (byte)';', (byte)'\t', (byte)'|'];

    /// <summary>Reads the fields of a record.</summary>
    /// <param name="record">Its bytes, without the line end.</param>
    /// <param name="separator">What stands between fields.</param>
    /// <param name="most">More than so many are counted and not kept: a line of a gigabyte may have as many.</param>
    /// <param name="fields">Takes them.</param>
    /// <param name="count">How many there are.</param>
    /// <returns>What is wrong with the record, or null.</returns>
    /// <remarks>A quote within a field that does not begin with one is a quote like any other character.</remarks>
    public static string? Read(ReadOnlySpan<byte> record, byte separator, int most, List<string> fields, out int count)
    {
        fields.Clear();
        count = 0;
        if (!Utf8.IsValid(record)) return FormattableString.Invariant($"byte {JsonRecords.FirstInvalid(record)} of the record is not UTF-8.");
        while (true)
        {
            int length;
            if (record.StartsWith("\""u8))
            {
                length = EndOfQuoted(record, out bool escaped);
                if (length < 0) return "a quoted field is not closed before the file ends.";
                if (count++ < most)
                {
                    string text = Encoding.UTF8.GetString(record[1..(length - 1)]);
                    fields.Add(escaped ? text.Replace("\"\"", "\"", StringComparison.Ordinal) : text);
                }

                if (length < record.Length && record[length] != separator)
                    return FormattableString.Invariant($"after the closing quote of field {count} stands '{(char)record[length]}', expected the separator or the line's end.");
            }
            else
            {
                length = record.IndexOf(separator);
                if (length < 0) length = record.Length;
                if (count++ < most) fields.Add(Encoding.UTF8.GetString(record[..length]));
            }

            if (length == record.Length) return null;
            record = record[(length + 1)..];
        }
    }

    /// <summary>The separator that a first record has most of outside quotes; a comma where it has none.</summary>
    public static byte Detect(ReadOnlySpan<byte> record)
    {
        Span<int> counts = stackalloc int[Separators.Length];
        bool quoted = false;
        foreach (byte value in record)
        {
            if (value == Quote) quoted = !quoted;
            else if (!quoted && Separators.AsSpan().IndexOf(value) is >= 0 and var which) counts[which]++;
        }

        int most = 0;
        for (int i = 1; i < counts.Length; i++)
        {
            if (counts[i] > counts[most]) most = i;
        }

        return Separators[most];
    }

    /// <summary>One past the closing quote, or −1.</summary>
    private static int EndOfQuoted(ReadOnlySpan<byte> record, out bool escaped)
    {
        escaped = false;
        for (int at = 1; record[at..].IndexOf(Quote) is >= 0 and var next;)
        {
            at += next + 1;
            if (at == record.Length || record[at] != Quote) return at;
            escaped = true;
            at++;
        }

        return -1;
    }
}
