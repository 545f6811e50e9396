using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Data.Examples;

/// <summary>Looks fields up and says what is wrong with them.</summary>
internal static class RecordFields
{
    private const int MostListed = 12;

    /// <summary>A field by its name, or by a path of names with dots between them.</summary>
    /// <param name="fields">The record or object.</param>
    /// <param name="path">The name or path.</param>
    /// <param name="value">What it holds; null stands for JSON's null as well.</param>
    /// <returns>Whether there is such a field.</returns>
    public static bool TryFind(JsonObject fields, string path, out JsonNode? value)
    {
        if (fields.TryGetPropertyValue(path, out value)) return true;
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        value = null;
        return dot > 0 && fields.TryGetPropertyValue(path[..dot], out JsonNode? inner) && inner is JsonObject nested
            && TryFind(nested, path[(dot + 1)..], out value);
    }

    /// <exception cref="DataFormatException">There is no such field.</exception>
    public static JsonNode? Find(JsonObject fields, string path, string expected) =>
        TryFind(fields, path, out JsonNode? value) ? value
            : throw new DataFormatException($"there is no field \"{path}\", expected {expected}; found {Names(fields)}.");

    /// <summary>A field that must be text with something in it.</summary>
    /// <exception cref="DataFormatException">It is not.</exception>
    public static string RequireText(JsonObject fields, string path)
    {
        string text = Text(Find(fields, path, "text"), $"the field \"{path}\"");
        return !string.IsNullOrWhiteSpace(text) ? text : throw new DataFormatException($"the field \"{path}\" is empty, expected text.");
    }

    /// <summary>A field that may be missing, null or empty.</summary>
    /// <exception cref="DataFormatException">It holds something else than text.</exception>
    public static string OptionalText(JsonObject fields, string path) =>
        TryFind(fields, path, out JsonNode? value) && value is not null ? Text(value, $"the field \"{path}\"") : "";

    /// <summary>A text.</summary>
    /// <param name="node">Where it should be.</param>
    /// <param name="what">What it is called in a fault, for example: the field "text".</param>
    /// <exception cref="DataFormatException">It is none, or not valid Unicode.</exception>
    public static string Text(JsonNode? node, string what)
    {
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.String)
            throw new DataFormatException($"{what} is {Describe(node)}, expected a string.");
        string text;
        try
        {
            text = value.GetValue<string>();
        }
        catch (InvalidOperationException fault)
        {
            // Thrown on reading a string: broken UTF-8, or half of a surrogate pair.
            throw new DataFormatException($"{what} is not valid Unicode ({fault.Message})", fault);
        }

        int half = IndexOfHalfPair(text);
        return half < 0 ? text : throw new DataFormatException($"{what} is not valid Unicode: character {half} is half of a surrogate pair.");
    }

    /// <summary>What a value is, in words.</summary>
    public static string Describe(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    /// <summary>The fields of an object, for a fault.</summary>
    public static string Names(JsonObject fields)
    {
        if (fields.Count == 0) return "no fields at all";
        string names = string.Join(", ", fields.Take(MostListed).Select(field => $"\"{field.Key}\" ({Describe(field.Value)})"));
        return fields.Count <= MostListed ? names : $"{names} and {fields.Count - MostListed} more";
    }

    private static int IndexOfHalfPair(string text)
    {
        int from = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        for (int i = from; i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return i;
            i++;
        }

        return -1;
    }
}
