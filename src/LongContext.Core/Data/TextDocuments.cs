using System.Text;
using System.Text.Json;

namespace LongContext.Data;

/// <summary>Reads text documents from a file.</summary>
public static class TextDocuments
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Reads the documents of a file: of .jsonl, .ndjson and .json-lines one per line, of any other file the whole text as one.
    /// </summary>
    /// <param name="path">The file, in UTF-8 (a byte order mark is skipped).</param>
    /// <param name="field">The field of each line's object that holds the text. Default: text. Blank lines are skipped.</param>
    /// <returns>The documents in the file's order, none of them empty, read as they are asked for.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">
    /// While reading: a line that is no JSON object with that field as non-empty text, bytes that are not UTF-8, or a file without
    /// a document.
    /// </exception>
    public static IEnumerable<string> Read(string path, string field = "text")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(field);
        if (!File.Exists(path)) throw new FileNotFoundException($"There is no data file {path}.", path);
        return Path.GetExtension(path).ToUpperInvariant() is ".JSONL" or ".NDJSON" or ".JSON-LINES"
            ? ReadLines(path, field)
            : ReadWhole(path);
    }

    private static IEnumerable<string> ReadLines(string path, string field)
    {
        bool any = false;
        int number = 0;
        foreach (ReadOnlyMemory<byte> line in Utf8Lines.Read(path))
        {
            number++;
            if (line.Span.IndexOfAnyExcept(" \t\r"u8) < 0) continue;
            any = true;
            yield return Parse(line, field, path, number);
        }

        if (!any) throw Empty(path);
    }

    private static string Parse(ReadOnlyMemory<byte> line, string field, string path, int number)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new DataFormatException(path, number, $"expected a JSON object, found {Describe(json.RootElement.ValueKind)}.");
            }

            if (!json.RootElement.TryGetProperty(field, out JsonElement value))
            {
                string names = string.Join(", ", json.RootElement.EnumerateObject().Take(8).Select(property => $"\"{property.Name}\""));
                throw new DataFormatException(
                    path, number, $"there is no field \"{field}\"; found {(names.Length == 0 ? "an object without fields" : names)}.");
            }

            if (value.ValueKind != JsonValueKind.String)
            {
                throw new DataFormatException(
                    path, number, $"the field \"{field}\" is {Describe(value.ValueKind)}, expected a string.");
            }

            string text = value.GetString()!;
            return text.Length > 0
                ? text
                : throw new DataFormatException(path, number, $"the field \"{field}\" is empty, expected text.");
        }
        catch (JsonException fault)
        {
            // The parser counts lines from the start of what it was given, which is a single line here.
            throw new DataFormatException(path, number, $"not valid JSON at byte {fault.BytePositionInLine}.", fault);
        }
        catch (InvalidOperationException fault)
        {
            // Thrown on reading a string: broken UTF-8, or half of a surrogate pair.
            throw new DataFormatException(path, number, $"the text is not valid Unicode ({fault.Message})", fault);
        }
    }

    private static IEnumerable<string> ReadWhole(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        ReadOnlySpan<byte> content = Utf8Lines.SkipByteOrderMark(bytes);
        if (content.IsEmpty) throw Empty(path);
        string text;
        try
        {
            text = Strict.GetString(content);
        }
        catch (DecoderFallbackException fault)
        {
            int at = Math.Max(0, fault.Index) + (bytes.Length - content.Length);
            throw new DataFormatException(
                path, bytes.AsSpan(0, Math.Min(at, bytes.Length)).Count((byte)'\n') + 1, $"byte {at} of the file is not UTF-8.", fault);
        }

        return text.AsSpan().IsWhiteSpace() ? throw Empty(path) : [text];
    }

    private static DataFormatException Empty(string path) => new(path, null, "the data set is empty, there is no document in it.");

    private static string Describe(JsonValueKind kind) => kind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
