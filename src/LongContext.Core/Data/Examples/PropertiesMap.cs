using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Reading;

namespace LongContext.Data.Examples;

/// <summary>See <see cref="ColumnMap.WithProperties"/>.</summary>
internal sealed class PropertiesMap : ColumnMap
{
    private readonly ColumnMap map;
    private readonly string[] fields;

    public PropertiesMap(ColumnMap map, IReadOnlyList<string> fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        if (fields.Count == 0 || fields.Any(string.IsNullOrEmpty)) throw new ArgumentException("Expected names of fields, at least one and none of them empty.", nameof(fields));
        if (fields.Distinct(StringComparer.Ordinal).Count() < fields.Count) throw new ArgumentException($"A field is named twice: {string.Join(", ", fields)}.", nameof(fields));
        this.map = map;
        this.fields = [.. fields];
    }

    public override string Name => map.Name;

    public override string Identity => MapIdentity.Of($"{map.Identity} with properties", fields);

    public override TrainingExample? Map(DataRecord record)
    {
        if (map.Map(record) is not { } example) return null;
        Dictionary<string, string> properties = new(example.Properties, StringComparer.Ordinal);
        bool any = false;
        foreach (string field in fields)
        {
            if (!RecordFields.TryFind(record.Fields, field, out JsonNode? value) || value is null) continue;
            properties[field] = value.GetValueKind() == JsonValueKind.String ? RecordFields.Text(value, $"the field \"{field}\"") : value.ToJsonString();
            any = true;
        }

        return any ? example with { Properties = properties } : example;
    }
}
