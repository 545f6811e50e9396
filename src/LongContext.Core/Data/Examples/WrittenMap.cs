using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Reading;
using LongContext.Data.Writing;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.Written"/>.</summary>
internal sealed class WrittenMap : ColumnMap
{
    // Whatever order the turns had, they are given back in it.
    private static readonly ChatMap Conversations = new(ChatColumns.OpenAI with { RequiresAlternation = false });

    public override string Name => "Written";

    public override TrainingExample? Map(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        TrainingExample? example = MapForm(record);
        return example is null ? null : example with { Origin = record.Origin, Properties = Properties(record.Fields) };
    }

    private static TrainingExample? MapForm(DataRecord record)
    {
        JsonObject fields = record.Fields;
        if (fields.ContainsKey(ExampleFields.Messages)) return Conversations.Map(record);
        if (fields.ContainsKey(ExampleFields.Segments)) return new SegmentsExample(Segments(fields));
        if (fields.ContainsKey(ExampleFields.Prompt))
            return new PromptExample(Text(fields, ExampleFields.Prompt), Text(fields, ExampleFields.Completion)) { PromptCounts = PromptCounts(fields) };
        return new TextExample(Text(fields, ExampleFields.Text));
    }

    private static string Text(JsonObject fields, string name) => RecordFields.Text(RecordFields.Find(fields, name, "text"), $"the field \"{name}\"");

    private static bool PromptCounts(JsonObject fields) => !fields.TryGetPropertyValue(ExampleFields.PromptCounts, out JsonNode? node) ? false : node?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new DataFormatException($"the field \"{ExampleFields.PromptCounts}\" is {RecordFields.Describe(node)}, expected true or false."),
    };

    private static TextSegment[] Segments(JsonObject fields)
    {
        if (fields[ExampleFields.Segments] is not JsonArray { Count: > 0 } items)
            throw new DataFormatException($"the field \"{ExampleFields.Segments}\" is {RecordFields.Describe(fields[ExampleFields.Segments])}, expected a list of at least one piece.");
        return [.. items.Select((item, i) =>
        {
            string where = FormattableString.Invariant($"\"{ExampleFields.Segments}\"[{i}]");
            if (item is not JsonObject piece) throw new DataFormatException($"{where} is {RecordFields.Describe(item)}, expected an object with \"{ExampleFields.Text}\" and \"{ExampleFields.Counts}\".");
            string text = RecordFields.Text(piece[ExampleFields.Text], $"{where}.{ExampleFields.Text}");
            return piece[ExampleFields.Counts]?.GetValueKind() switch
            {
                JsonValueKind.True => new TextSegment(text, true),
                JsonValueKind.False => new TextSegment(text, false),
                _ => throw new DataFormatException($"{where}.{ExampleFields.Counts} is {RecordFields.Describe(piece[ExampleFields.Counts])}, expected true or false."),
            };
        })];
    }

    private static Dictionary<string, string> Properties(JsonObject fields)
    {
        if (!fields.TryGetPropertyValue(ExampleFields.Properties, out JsonNode? node) || node is null) return [];
        if (node is not JsonObject named) throw new DataFormatException($"the field \"{ExampleFields.Properties}\" is {RecordFields.Describe(node)}, expected an object of texts.");
        return named.ToDictionary(pair => pair.Key, pair => RecordFields.Text(pair.Value, $"the property \"{pair.Key}\""));
    }
}
