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

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = MaximumDepth, AllowDuplicateProperties = false };

    /// <exception cref="DataFormatException">It is no JSON object, or not sound throughout.</exception>
    public static DataRecord Parse(ReadOnlySpan<byte> json, string path, long number, string unit)
    {
        if (!Utf8.IsValid(json)) throw Fault($"byte {FirstInvalid(json)} is not UTF-8.");
        try
        {
            if (HasSurrogateEscapes(json)) RequireWholeCharacters(json);
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
        while (at < text.Length && Rune.DecodeFromUtf8(text[at..], out _, out int length) == System.Buffers.OperationStatus.Done) at += length;
        return at;
    }

    /// <summary>Whether a \uD… escape occurs, with which half a character could be written: few lines have one.</summary>
    private static bool HasSurrogateEscapes(ReadOnlySpan<byte> json) => json.IndexOf("\\ud"u8) >= 0 || json.IndexOf("\\uD"u8) >= 0;

    /// <exception cref="JsonException">An escape is half of a surrogate pair.</exception>
    private static void RequireWholeCharacters(ReadOnlySpan<byte> json)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = MaximumDepth });
        char[] unescaped = System.Buffers.ArrayPool<char>.Shared.Rent(json.Length);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName) || !reader.ValueIsEscaped) continue;
                try
                {
                    reader.CopyString(unescaped);
                }
                catch (InvalidOperationException fault)
                {
                    throw new JsonException($"the string at byte {reader.TokenStartIndex} has an escape that is half of a character (a lone surrogate).", fault);
                }
            }
        }
        finally
        {
            System.Buffers.ArrayPool<char>.Shared.Return(unescaped);
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
