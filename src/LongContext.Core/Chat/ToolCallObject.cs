using System.Text.Json;

namespace LongContext.Chat;

/// <summary>A call's object: "name", and "arguments" or "parameters"; "id" where there is one. Behind an opening, which says by itself that it is a call, a function without arguments needs none. Other fields are passed over.</summary>
internal static class ToolCallObject
{
    // The arguments stand one level down.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = ToolJson.MaximumDepth + 1, AllowDuplicateProperties = false };
    private static readonly JsonDocumentOptions ArgumentsOptions = new() { MaxDepth = ToolJson.MaximumDepth, AllowDuplicateProperties = false };

    private static readonly JsonElement Nothing = JsonElement.Parse("{}");

    /// <summary>The call; null where the text is none.</summary>
    public static ChatToolCall? Read(string json, ToolCallSyntax syntax)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Options);
            JsonElement root = document.RootElement;
            if (!root.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String || !ToolJson.IsName(name.GetString())) return null;
            if (Arguments(root, syntax) is not { } arguments || ToolJson.Fault(arguments, ToolJson.MaximumDepth) is not null) return null;
            return new ChatToolCall(Id(root, syntax) ?? ToolCallIds.Next(syntax.IdPrefix), name.GetString()!, arguments);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            // Not JSON, or half a surrogate pair, which .NET says by the second where it is escaped and by the third where it is not.
            return null;
        }
    }

    private static JsonElement? Arguments(JsonElement root, ToolCallSyntax syntax)
    {
        if (!IsThere(root, "arguments", out JsonElement value) && !IsThere(root, "parameters", out value)) return syntax.IsBare ? null : Nothing;
        if (value.ValueKind == JsonValueKind.String)
        {
            using JsonDocument document = JsonDocument.Parse(value.GetString()!, ArgumentsOptions);
            value = document.RootElement.Clone();
        }

        return value.ValueKind == JsonValueKind.Object ? value : null;
    }

    private static bool IsThere(JsonElement root, string name, out JsonElement value) => root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static string? Id(JsonElement root, ToolCallSyntax syntax) =>
        root.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String && id.GetString() is { } text && syntax.TakesId(text) ? text : null;
}
