using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Making;

/// <summary>Reads the fields of a record; faults name the file, the line and the field.</summary>
internal static class RecordFields
{
    public static DataFormatException Fault(RecordOrigin origin, string fault) => new(origin.Path, origin.Number, fault, unit: origin.Unit);

    /// <summary>A field that must be there and must be text with something in it.</summary>
    public static string RequireText(this DataRecord record, string name) => RequireText(record.Fields, name, record.Origin, "");

    public static string RequireText(JsonObject fields, string name, RecordOrigin origin, string where) =>
        OptionalText(fields, name, origin, where) is { } text && !string.IsNullOrWhiteSpace(text) ? text
        : throw Fault(origin, fields.ContainsKey(name) ? $"the field \"{where}{name}\" is empty, expected text." : $"there is no field \"{where}{name}\"; found {Names(fields)}.");

    /// <summary>A field's text, or null where there is no such field or it is null.</summary>
    public static string? OptionalText(JsonObject fields, string name, RecordOrigin origin, string where) => fields[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonNode other => throw Fault(origin, $"the field \"{where}{name}\" is {Examples.RecordFields.Describe(other)}, expected a string."),
    };

    /// <summary>A field's true or false, or null where there is none.</summary>
    public static bool? OptionalFlag(JsonObject fields, string name, RecordOrigin origin, string where) => fields[name] switch
    {
        null => null,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValueKind() == JsonValueKind.True,
        JsonNode other => throw Fault(origin, $"the field \"{where}{name}\" is {Examples.RecordFields.Describe(other)}, expected true or false."),
    };

    /// <summary>A field's objects; none where there is no such field.</summary>
    public static IEnumerable<(JsonObject Fields, string Where)> Objects(this DataRecord record, string name)
    {
        if (record.Fields[name] is not { } node) yield break;
        if (node is not JsonArray array) throw Fault(record.Origin, $"the field \"{name}\" is {Examples.RecordFields.Describe(node)}, expected an array of objects.");
        for (int i = 0; i < array.Count; i++)
        {
            string where = FormattableString.Invariant($"{name}[{i}]");
            yield return array[i] is JsonObject fields ? (fields, where + ".") : throw Fault(record.Origin, $"\"{where}\" is {Examples.RecordFields.Describe(array[i])}, expected an object.");
        }
    }

    /// <summary>A field's texts: an array of strings, or one string.</summary>
    public static IReadOnlyList<string> RequireTexts(this DataRecord record, string name)
    {
        if (record.Fields[name] is not JsonArray array) return [record.RequireText(name)];
        List<string> texts = [];
        for (int i = 0; i < array.Count; i++)
        {
            texts.Add(array[i] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>()
                : throw Fault(record.Origin, FormattableString.Invariant($"\"{name}[{i}]\" is {Examples.RecordFields.Describe(array[i])}, expected a string.")));
        }

        return texts.Count > 0 ? texts : throw Fault(record.Origin, $"the field \"{name}\" is an empty array, expected at least one string.");
    }

    public static string Names(JsonObject fields) =>
        fields.Count == 0 ? "an object without fields" : string.Join(", ", fields.Take(12).Select(field => $"\"{field.Key}\""));
}
