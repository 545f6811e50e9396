using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A record of LongBench v2, every field of it checked.</summary>
internal sealed record LongBenchV2Question
{
    private static readonly string[] Difficulties = ["easy", "hard"], Lengths = ["short", "medium", "long"], Letters = ["A", "B", "C", "D"];

    public required string Id { get; init; }

    public required string Domain { get; init; }

    public required string SubDomain { get; init; }

    /// <summary>"easy" or "hard".</summary>
    public required string Difficulty { get; init; }

    /// <summary>"short", "medium" or "long": a label, which nobody counts again.</summary>
    public required string Length { get; init; }

    public required string Question { get; init; }

    public required IReadOnlyList<string> Choices { get; init; }

    /// <summary>"A" to "D".</summary>
    public required string Answer { get; init; }

    public required string Context { get; init; }

    /// <summary>Passages that the record brings along, the best ones first, each with its number in the text.</summary>
    public required IReadOnlyList<(int Number, string Text)> Passages { get; init; }

    /// <summary>Reads a record.</summary>
    /// <param name="record">The record.</param>
    /// <param name="passages">How many of its passages are wanted; null for none.</param>
    /// <exception cref="DataFormatException">A field is missing or of another kind; the message names it.</exception>
    public static LongBenchV2Question Read(DataRecord record, int? passages)
    {
        JsonObject fields = record.Fields;
        return new LongBenchV2Question
        {
            Id = RecordFields.RequireText(fields, "_id"),
            Domain = RecordValues.OptionalText(fields, "domain") ?? "",
            SubDomain = RecordValues.OptionalText(fields, "sub_domain") ?? "",
            Difficulty = OneOf(fields, "difficulty", Difficulties),
            Length = OneOf(fields, "length", Lengths),
            Question = RecordFields.RequireText(fields, "question"),
            Choices = [.. Letters.Select(letter => RecordValues.Text(fields, "choice_" + letter))],
            Answer = OneOf(fields, "answer", Letters),
            Context = RecordValues.Text(fields, "context"),
            Passages = passages is { } count ? [.. ReadPassages(fields).Take(count)] : [],
        };
    }

    /// <summary>The passages as the script shows them: in the text's order, each with its number among those shown.</summary>
    public string ShownPassages() =>
        string.Join("\n\n", Passages.OrderBy(passage => passage.Number).Select((passage, i) => FormattableString.Invariant($"Retrieved chunk {i + 1}: {passage.Text}")));

    private static string OneOf(JsonObject fields, string name, string[] values)
    {
        string value = RecordValues.Text(fields, name);
        return values.Contains(value) ? value : throw new DataFormatException($"the field \"{name}\" is \"{value}\", expected {string.Join(", ", values[..^1])} or {values[^1]}.");
    }

    private static IEnumerable<(int Number, string Text)> ReadPassages(JsonObject fields)
    {
        JsonNode? node = RecordFields.Find(fields, "retrieved_context", "an array of passages, as the mode RetrievedContext shows them");
        if (node is not JsonArray array) throw new DataFormatException($"the field \"retrieved_context\" is {RecordFields.Describe(node)}, expected an array of passages.");
        for (int i = 0; i < array.Count; i++)
        {
            yield return array[i] is JsonObject passage ? (RecordValues.Count(passage, "c_idx"), RecordValues.Text(passage, "content"))
                : throw new DataFormatException(FormattableString.Invariant($"the field \"retrieved_context\", element {i + 1}, is {RecordFields.Describe(array[i])}, expected an object with \"c_idx\" and \"content\"."));
        }
    }
}
