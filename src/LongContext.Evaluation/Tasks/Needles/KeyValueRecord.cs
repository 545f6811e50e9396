using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Reading;
using RecordFields = LongContext.Data.Making.RecordFields;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Pairs, and which of them is asked for.</summary>
/// <param name="Pairs">The others, in their order.</param>
/// <param name="Asked">The one that is asked for.</param>
internal sealed record KeyValueRecord(IReadOnlyList<KeyValuePair<string, string>> Pairs, KeyValuePair<string, string> Asked)
{
    /// <summary>All pairs with the one that is asked for at a place.</summary>
    public List<KeyValuePair<string, string>> At(int place)
    {
        List<KeyValuePair<string, string>> all = [.. Pairs];
        all.Insert(place, Asked);
        return all;
    }

    /// <summary>Reads a record of the paper's files.</summary>
    /// <exception cref="DataFormatException">A field is missing or of another kind, a key comes twice, or the pair asked for is not among them.</exception>
    public static KeyValueRecord Read(DataRecord record)
    {
        KeyValuePair<string, string> asked = new(Field(record, "key"), Field(record, "value"));
        if (record.Fields["ordered_kv_records"] is not JsonArray array) throw RecordFields.Fault(record.Origin, "there is no field \"ordered_kv_records\" with an array of pairs.");
        List<KeyValuePair<string, string>> pairs = [];
        HashSet<string> keys = new(StringComparer.Ordinal);
        for (int i = 0; i < array.Count; i++)
        {
            if (array[i] is not JsonArray { Count: 2 } pair || !IsText(pair[0]) || !IsText(pair[1]))
                throw RecordFields.Fault(record.Origin, FormattableString.Invariant($"\"ordered_kv_records[{i}]\" is no pair of strings."));
            pairs.Add(new(pair[0]!.GetValue<string>(), pair[1]!.GetValue<string>()));
            if (!keys.Add(pairs[^1].Key)) throw RecordFields.Fault(record.Origin, $"the key \"{pairs[^1].Key}\" comes twice.");
        }

        if (!pairs.Remove(asked)) throw RecordFields.Fault(record.Origin, $"the pair of \"key\" and \"value\" ({asked.Key}) is not among \"ordered_kv_records\".");
        return pairs.Count > 0 ? new KeyValueRecord(pairs, asked) : throw RecordFields.Fault(record.Origin, "there is one pair only, expected at least 2.");
    }

    private static string Field(DataRecord record, string name) => RecordFields.RequireText(record.Fields, name, record.Origin, "");

    private static bool IsText(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String;
}
