using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Examples;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>Values of a record's fields; faults name the field, and the reader of the file adds file and line.</summary>
internal static class RecordValues
{
    /// <summary>A field's text, which may be empty.</summary>
    /// <exception cref="DataFormatException">There is no such field, or it is no text.</exception>
    public static string Text(JsonObject fields, string path) => RecordFields.Text(RecordFields.Find(fields, path, "a string"), $"the field \"{path}\"");

    /// <summary>A field's text or number as text, or null where it is missing or null.</summary>
    /// <exception cref="DataFormatException">It is something else.</exception>
    public static string? OptionalText(JsonObject fields, string path) =>
        RecordFields.TryFind(fields, path, out JsonNode? value) && value is not null ? TextOrNumber(value, $"the field \"{path}\"", "a string or a number") : null;

    /// <summary>A field's texts: an array of strings, or one string alone. Numbers count as they are written.</summary>
    /// <exception cref="DataFormatException">There is no such field, or it is something else.</exception>
    public static IReadOnlyList<string> Texts(JsonObject fields, string path)
    {
        const string Expected = "a string, a number or an array of these";
        JsonNode? node = RecordFields.Find(fields, path, Expected);
        return node is JsonArray array
            ? [.. array.Select((element, index) => TextOrNumber(element, FormattableString.Invariant($"the field \"{path}\", element {index + 1},"), "a string or a number"))]
            : [TextOrNumber(node, $"the field \"{path}\"", Expected)];
    }

    /// <summary>A field's array of strings, nothing else.</summary>
    /// <exception cref="DataFormatException">There is no such field, or it is something else.</exception>
    public static IReadOnlyList<string> Strings(JsonObject fields, string path) => RecordFields.Find(fields, path, "an array of strings") is var node && node is JsonArray array
        ? [.. array.Select((element, index) => RecordFields.Text(element, FormattableString.Invariant($"the field \"{path}\", element {index + 1},")))]
        : throw new DataFormatException($"the field \"{path}\" is {RecordFields.Describe(node)}, expected an array of strings.");

    /// <summary>A field's whole number that is not negative.</summary>
    /// <exception cref="DataFormatException">There is no such field, or it is something else.</exception>
    public static int Count(JsonObject fields, string path)
    {
        JsonNode? node = RecordFields.Find(fields, path, "a whole number");
        if (node is not JsonValue value || value.GetValueKind() != JsonValueKind.Number)
            throw new DataFormatException($"the field \"{path}\" is {RecordFields.Describe(node)}, expected a whole number.");
        return int.TryParse(value.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number
            : throw new DataFormatException($"the field \"{path}\" is {value.ToJsonString()}, expected a whole number from 0 to {int.MaxValue}.");
    }

    private static string TextOrNumber(JsonNode? node, string what, string expected) => node?.GetValueKind() switch
    {
        JsonValueKind.String => RecordFields.Text(node, what),
        JsonValueKind.Number => node.ToJsonString(),
        _ => throw new DataFormatException($"{what} is {RecordFields.Describe(node)}, expected {expected}."),
    };
}
