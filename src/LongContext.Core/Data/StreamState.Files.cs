using System.IO.Hashing;
using System.Text.Json.Nodes;
using System.Text.Json;
using System.Text;
using LongContext.Checkpoints;

namespace LongContext.Data;

public sealed partial class StreamState
{
    private const string FormatKey = "format", Format = "longcontext.stream-state.1", DocumentKey = "state";
    private const string KindField = "kind", ValuesField = "values";

    /// <summary>How deep states may lie in each other; each level is two levels of JSON, of which the reader takes 64.</summary>
    private const int MaximumDepth = 30;

    /// <summary>
    /// Writes the state as a safetensors file: the arrays are its tensors, the rest is a JSON document in its metadata. It takes its
    /// place only once it is whole.
    /// </summary>
    /// <param name="path">The file to make or replace; its folder must exist.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">States lie more than 30 deep in each other.</exception>
    public void Save(string path)
    {
        List<SafetensorsEntry> arrays = [];
        JsonObject document = ToJson("", arrays, depth: 1);
        SafetensorsWriter.Write(path, arrays, new Dictionary<string, string> { [FormatKey] = Format, [DocumentKey] = document.ToJsonString() });
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointFormatException">The file is not a sound state; the message names what is wrong in it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static StreamState Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        if (file.Metadata.GetValueOrDefault(FormatKey) is var format && format != Format)
            throw new CheckpointFormatException($"{path}: the metadata '{FormatKey}' is {(format is null ? "missing" : $"'{format}'")}, expected '{Format}'.");
        if (!file.Metadata.TryGetValue(DocumentKey, out string? text)) throw new CheckpointFormatException($"{path}: the metadata '{DocumentKey}' is missing.");
        HashSet<string> unused = [.. file.Tensors.Keys];
        StreamState state = FromJson(CheckpointJson.ParseObject(text, path), file, unused, "", depth: 1);
        return unused.Count == 0 ? state : throw new CheckpointFormatException($"{path}: the array '{unused.First()}' belongs to nothing in the state.");
    }

    /// <summary>What tells the state of one stream from another's; arrays count by their names alone.</summary>
    internal string Hash() => Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes(ToJson("", [], depth: 1).ToJsonString())));

    private JsonObject ToJson(string prefix, List<SafetensorsEntry> arrays, int depth)
    {
        if (depth > MaximumDepth) throw new InvalidOperationException($"The states of streams lie more than {MaximumDepth} deep in each other.");
        JsonObject json = [];
        foreach ((string name, object value) in values)
        {
            json[name] = value switch
            {
                long number => number,
                string text => text,
                StreamState below => below.ToJson($"{prefix}{name}.", arrays, depth + 1),
                _ => new JsonArray(), // its place; the numbers are a tensor
            };
            if (value is StreamStateArray array) arrays.Add(array.ToEntry(prefix + name));
        }

        return new JsonObject { [KindField] = Kind, [ValuesField] = json };
    }

    private static StreamState FromJson(JsonObject json, SafetensorsFile file, HashSet<string> unused, string prefix, int depth)
    {
        string where = prefix.Length == 0 ? "the state" : $"the state '{prefix[..^1]}'";
        if (depth > MaximumDepth) throw new CheckpointFormatException($"{file.Path}: {where} lies more than {MaximumDepth} deep.");
        if (json.Count != 2 || json[KindField] is not JsonValue kind || !kind.TryGetValue(out string? kindText) || kindText.Length == 0 || json[ValuesField] is not JsonObject entries)
            throw new CheckpointFormatException($"{file.Path}: {where} must have a '{KindField}' and '{ValuesField}', found {Shortened(json)}.");

        StreamState state = new(kindText);
        foreach ((string name, JsonNode? value) in entries)
        {
            object read = value switch
            {
                JsonValue number when number.GetValueKind() == JsonValueKind.Number && number.TryGetValue(out long whole) => whole,
                JsonValue text when text.GetValueKind() == JsonValueKind.String => text.GetValue<string>(),
                JsonObject below => FromJson(below, file, unused, $"{prefix}{name}.", depth + 1),
                JsonArray { Count: 0 } when unused.Remove(prefix + name) => StreamStateArray.Read(file, prefix + name),
                JsonArray => throw new CheckpointFormatException($"{file.Path}: the array '{prefix}{name}' is missing."),
                _ => throw new CheckpointFormatException($"{file.Path}: '{name}' of {where} is {Shortened(value)}, expected a whole number, a text, a state or an array's place."),
            };
            try
            {
                state.Add(name, read);
            }
            catch (ArgumentException fault)
            {
                throw new CheckpointFormatException($"{file.Path}: {where}: {fault.Message}", fault);
            }
        }

        return state;
    }

    private static string Shortened(JsonNode? json) => (json?.ToJsonString() ?? "null") is { Length: > 80 } text ? text[..80] + "…" : json?.ToJsonString() ?? "null";
}
