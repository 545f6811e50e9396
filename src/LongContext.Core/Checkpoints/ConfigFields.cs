using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>
/// The fields of one object of a config file. A field that is missing or <c>null</c> counts as absent; one of the wrong type
/// is a fault whose message names the file, the field, what was found and what was expected.
/// </summary>
internal sealed class ConfigFields
{
    private readonly string _prefix;

    public ConfigFields(JsonObject json, string sourceName, string prefix = "")
    {
        Json = json;
        SourceName = sourceName;
        _prefix = prefix;
    }

    public JsonObject Json { get; }

    public string SourceName { get; }

    public int RequireInt(string key) => OptionalInt(key) ?? throw Missing(key);

    public double RequireDouble(string key) => OptionalDouble(key) ?? throw Missing(key);

    public string RequireString(string key) => OptionalString(key) ?? throw Missing(key);

    public int? OptionalInt(string key) => Json[key] is { } node ? AsInt(node, key) : null;

    public double? OptionalDouble(string key)
    {
        if (Json[key] is not { } node) return null;
        return node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out double number)
            ? number
            : throw Wrong(key, node, "a number");
    }

    public bool? OptionalBool(string key) => Json[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out bool flag) => flag,
        { } node => throw Wrong(key, node, "true or false"),
    };

    public string? OptionalString(string key) => Json[key] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? text) => text,
        { } node => throw Wrong(key, node, "text"),
    };

    public IReadOnlyList<string>? OptionalStrings(string key)
    {
        if (Json[key] is not { } node) return null;
        if (node is not JsonArray array) throw Wrong(key, node, "an array of texts");
        return [.. array.Select(item =>
            item is JsonValue value && value.TryGetValue(out string? text) ? text : throw Wrong(key, item, "an array of texts"))];
    }

    public IReadOnlyList<double>? OptionalDoubles(string key)
    {
        if (Json[key] is not { } node) return null;
        if (node is not JsonArray array) throw Wrong(key, node, "an array of numbers");
        return [.. array.Select(item =>
            item is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out double number)
                ? number
                : throw Wrong(key, item, "an array of numbers"))];
    }

    /// <summary>A number or an array of numbers.</summary>
    public IReadOnlyList<int>? OptionalIntOrInts(string key) => Json[key] switch
    {
        null => null,
        JsonArray array => [.. array.Select(item => AsInt(item, key))],
        { } node => [AsInt(node, key)],
    };

    /// <summary>The fields of an object that is a field of this one.</summary>
    public ConfigFields? OptionalObject(string key) => Json[key] switch
    {
        null => null,
        JsonObject map => new ConfigFields(map, SourceName, $"{_prefix}{key}."),
        { } node => throw Wrong(key, node, "an object or null"),
    };

    public CheckpointFormatException Fault(string key, string what) => new($"{SourceName}: field '{_prefix}{key}' {what}.");

    private int AsInt(JsonNode? node, string key) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.Number && value.TryGetValue(out int number)
            ? number
            : throw Wrong(key, node, "a whole number of at most 31 bits");

    private CheckpointFormatException Missing(string key) =>
        Fault(key, Json.ContainsKey(key) ? "is null, expected a value" : "is missing");

    private CheckpointFormatException Wrong(string key, JsonNode? node, string expected)
    {
        const int Longest = 60;
        string text = node?.ToJsonString() ?? "null";
        return Fault(key, $"is {(text.Length > Longest ? text[..Longest] + "…" : text)}, expected {expected}");
    }
}
