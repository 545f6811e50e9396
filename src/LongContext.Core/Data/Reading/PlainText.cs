using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using LongContext.Data.Examples;

namespace LongContext.Data.Reading;

/// <summary>A record out of plain text.</summary>
internal static class PlainText
{
    /// <summary>The one field of the record.</summary>
    public const string Field = "text";

    /// <summary>What the origin of a record that is a whole file counts.</summary>
    public const string WholeFile = "text";

    /// <param name="bytes">The text; its first line has the number <paramref name="firstLine"/>.</param>
    /// <param name="origin">Where it stands.</param>
    /// <param name="firstLine">For faults, the line in which it begins; null where lines are not counted.</param>
    /// <exception cref="DataFormatException">It is not UTF-8, or has a byte 0.</exception>
    public static DataRecord Parse(ReadOnlySpan<byte> bytes, RecordOrigin origin, long? firstLine)
    {
        if (!Utf8.IsValid(bytes)) throw Fault(JsonRecords.FirstInvalid(bytes), bytes, "is not UTF-8");
        if (bytes.IndexOf((byte)0) is >= 0 and var zero) throw Fault(zero, bytes, "is 0, which no text has: the file is damaged or is not text");
        return new DataRecord(origin, new JsonObject { [Field] = Encoding.UTF8.GetString(bytes) });

        DataFormatException Fault(int at, ReadOnlySpan<byte> bytes, string fault) => firstLine is { } line
            ? new DataFormatException(origin.Path, line + bytes[..at].Count((byte)'\n'), FormattableString.Invariant($"byte {at} of the text {fault}."))
            : new DataFormatException(origin.Path, origin.Number, FormattableString.Invariant($"byte {at} {fault}."), unit: origin.Unit);
    }
}
