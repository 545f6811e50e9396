using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using LongContext.Data.Examples;

namespace LongContext.Data.Reading;

/// <summary>A record out of the bytes of one JSON object, checked throughout: nothing in it throws when it is looked at later.</summary>
internal static class JsonRecords
{
    /// <summary>How deep objects and arrays may lie in each other.</summary>
    public const int MaximumDepth = 64;

    /// <summary>
    /// Values and names of one record. .NET notes 12 bytes for each in one array, which ends at 178 million; what has more would be an <see cref="OutOfMemoryException"/>,
    /// which no caller can pass over as a bad line.
    /// </summary>
    private const int MostParts = 100_000_000;

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };

    /// <exception cref="DataFormatException">It is no JSON object, or not sound throughout.</exception>
    public static DataRecord Parse(ReadOnlySpan<byte> json, string path, long number, string unit)
    {
        if (!Utf8.IsValid(json)) throw Fault($"byte {FirstInvalid(json)} is not UTF-8.");
        try
        {
            if (HasSurrogateEscapes(json) && FindHalfCharacter(json) is { } half)
                throw Fault(FormattableString.Invariant($"the text is not valid Unicode: an escape in the string at byte {half} is half of a character (a lone surrogate)."));
            // No part takes less than a byte.
            if (json.Length > MostParts && CountParts(json) > MostParts) throw Fault(FormattableString.Invariant($"it has more than {MostParts} values and names."));
            JsonNode? node = JsonNode.Parse(json, nodeOptions: null, s_options);
            return node is JsonObject fields
                ? new DataRecord(new RecordOrigin(path, number) { Unit = unit }, fields)
                : throw Fault($"expected a JSON object, found {Describe(node?.GetValueKind() ?? JsonValueKind.Null)}.");
        }
        catch (JsonException fault)
        {
            throw Fault($"not valid JSON: {Reason(fault)}", fault);
        }

        DataFormatException Fault(string fault, Exception? cause = null) => new(path, number, fault, cause, unit);
    }

    /// <summary>What a value is, as faults name it.</summary>
    public static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    /// <summary>The first byte that is not UTF-8, from 0.</summary>
    public static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length && Rune.DecodeFromUtf8(text[at..], out _, out int length) == OperationStatus.Done) at += length;
        return at;
    }

    /// <summary>Whether a \uD… escape occurs, with which half a character could be written: few lines have one.</summary>
    private static bool HasSurrogateEscapes(ReadOnlySpan<byte> json) => json.IndexOf("\\ud"u8) >= 0 || json.IndexOf("\\uD"u8) >= 0;

    /// <summary>The first string with an escape that is half of a surrogate pair; null where there is none.</summary>
    /// <exception cref="JsonException">It is not valid JSON.</exception>
    private static long? FindHalfCharacter(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
        char[] unescaped = ArrayPool<char>.Shared.Rent(json.Length);
        try
        {
            while (reader.Read())
            {
                if (reader.ValueIsEscaped && !TryUnescape(ref reader, unescaped)) return reader.TokenStartIndex;
            }

            return null;
        }
        finally
        {
            ArrayPool<char>.Shared.Return(unescaped);
        }
    }

    /// <exception cref="JsonException">It is not valid JSON.</exception>
    private static long CountParts(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
        long parts = 0;
        while (reader.Read()) parts++;
        return parts;
    }

    private static bool TryUnescape(ref Utf8JsonReader reader, char[] unescaped)
    {
        try
        {
            reader.CopyString(unescaped);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The parser's words without its own account of the place: it counts lines from the start of what it was given.</summary>
    private static string Reason(JsonException fault)
    {
        int cut = fault.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        string reason = cut < 0 ? fault.Message : fault.Message[..cut];
        return fault.BytePositionInLine is { } at ? $"{reason} (at byte {at})" : reason;
    }
}
