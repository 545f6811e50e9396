using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>The JSON files of a checkpoint: read with limits and clear errors, written as Hugging Face writes them.</summary>
internal static class CheckpointJson
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly JsonDocumentOptions ReadOptions = new() { AllowDuplicateProperties = false, MaxDepth = 64 };

    private static readonly JsonSerializerOptions WriteOptions = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a file that must be one JSON object of at most so many bytes.</summary>
    public static JsonObject ReadObject(string path, long maximumBytes)
    {
        long length = new FileInfo(path).Length;
        if (length > maximumBytes)
        {
            throw new CheckpointFormatException($"{path}: the file has {length} bytes, expected at most {maximumBytes}.");
        }

        byte[] bytes = File.ReadAllBytes(path);
        try
        {
            return ParseObject(StrictUtf8.GetString(bytes), path);
        }
        catch (DecoderFallbackException exception)
        {
            throw new CheckpointFormatException($"{path}: the file is not valid UTF-8 at byte {exception.Index}.", exception);
        }
    }

    public static JsonObject ParseObject(string json, string sourceName)
    {
        try
        {
            // A byte order mark is not JSON, but editors leave it.
            JsonNode? node = JsonNode.Parse(json.AsSpan().TrimStart('\uFEFF').ToString(), documentOptions: ReadOptions);
            if (node is JsonObject found)
            {
                Visit(found);
                return found;
            }

            throw new CheckpointFormatException($"{sourceName}: found {node?.GetValueKind().ToString() ?? "null"}, expected one JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or ArgumentException)
        {
            // The latter two: text escaped to half a surrogate pair, met when it is first looked at.
            throw new CheckpointFormatException($"{sourceName}: not valid JSON: {exception.Message}", exception);
        }
    }

    /// <summary>Indented text that ends with a line feed.</summary>
    public static string ToText(JsonObject json) => json.ToJsonString(WriteOptions) + "\n";

    public static byte[] ToUtf8(JsonObject json) => StrictUtf8.GetBytes(ToText(json));

    /// <summary>Nodes are made lazily; looking at every name and text here puts all faults of the text in one place.</summary>
    private static void Visit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach ((string _, JsonNode? value) in map) Visit(value);
                break;
            case JsonArray array:
                foreach (JsonNode? value in array) Visit(value);
                break;
            case JsonValue value:
                if (value.GetValueKind() == JsonValueKind.String) value.GetValue<string>();
                break;
        }
    }
}
