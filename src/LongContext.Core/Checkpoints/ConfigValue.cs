using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>Sets fields of a config; a field that already says the same keeps its spelling.</summary>
internal static class ConfigValue
{
    public static void Set(JsonObject json, string key, int value)
    {
        if (!IsNumber(json[key]) || !json[key]!.AsValue().TryGetValue(out int found) || found != value) json[key] = value;
    }

    public static void Set(JsonObject json, string key, double value)
    {
        if (!IsNumber(json[key]) || !json[key]!.AsValue().TryGetValue(out double found) || found != value) json[key] = Float(value);
    }

    /// <summary>
    /// Python tells 8 from 8.0, and transformers refuses or warns about a factor that is no float, so a point is written.
    /// </summary>
    public static JsonNode Float(double value)
    {
        if (!double.IsFinite(value)) return JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));
        string text = value.ToString("R", CultureInfo.InvariantCulture);
        return JsonNode.Parse(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text.ToLowerInvariant())!;
    }

    private static bool IsNumber(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number;
}
