using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Examples;
using LongContext.Data.Reading;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A record of LongBench's data, every field of it checked.</summary>
/// <param name="Id">Its "_id", or null where there is none.</param>
/// <param name="Number">Which of its data set it is, from 1.</param>
/// <param name="Prompt">The filled prompt, without a word on how it is asked.</param>
/// <param name="Answers">Right answers, any of which will do.</param>
/// <param name="Length">Words, of Chinese text characters, as the record says.</param>
/// <param name="Language">"en", "zh" or a programming language.</param>
/// <param name="Classes">All classes, or null where it is no classification.</param>
internal sealed record LongBenchRecord(string? Id, int Number, EvaluationPrompt Prompt, IReadOnlyList<string> Answers, int Length, string? Language, IReadOnlyList<string>? Classes)
{
    /// <summary>The fields that a prompt may name: of all but these Python would write what no model should read.</summary>
    private static readonly string[] Fillable = ["context", "input", "length", "dataset", "language", "_id"];

    /// <summary>What is wrong with a prompt for such records, or null.</summary>
    public static string? Fault(FormatString prompt)
    {
        string[] names = [.. prompt.Names];
        if (names.FirstOrDefault(name => !Fillable.Contains(name)) is { } unknown) return $"the place {{{unknown}}} is unknown, expected {{context}}, {{input}} or another of {string.Join(", ", Fillable.Skip(2).Select(name => $"{{{name}}}"))}";
        int contexts = names.Count(name => name == "context");
        return contexts == 1 ? null : $"the place {{context}} occurs {contexts} times, expected once";
    }

    /// <summary>Reads a record.</summary>
    /// <exception cref="DataFormatException">A field is missing or of another type; the message names it.</exception>
    public static LongBenchRecord Read(DataRecord record, int number, FormatString prompt, LongBenchDataSet set)
    {
        JsonObject fields = record.Fields;
        string context = RecordValues.Text(fields, "context"), input = RecordValues.Text(fields, "input");
        IReadOnlyList<string> answers = RecordValues.Strings(fields, "answers");
        int length = RecordValues.Count(fields, "length");
        string? id = RecordValues.OptionalText(fields, "_id"), language = RecordValues.OptionalText(fields, "language");
        RecordValues.OptionalText(fields, "dataset");
        (string before, string after) = prompt.FillAround("context", Value);
        return new LongBenchRecord(
            id,
            number,
            new EvaluationPrompt
            {
                Before = before,
                Context = context,
                After = after,
                // What is asked is the best to search with; where nothing is, the text behind the context says what to do.
                Query = string.IsNullOrWhiteSpace(input) ? null : input,
                Style = set.Style,
            },
            answers,
            length,
            language,
            ReadClasses(fields, set));

        string Value(string name) => name switch
        {
            "input" => input,
            "length" => length.ToString(CultureInfo.InvariantCulture),
            _ => RecordValues.Text(fields, name),
        };
    }

    private static IReadOnlyList<string>? ReadClasses(JsonObject fields, LongBenchDataSet set)
    {
        bool isThere = RecordFields.TryFind(fields, "all_classes", out JsonNode? node) && node?.GetValueKind() is not (null or JsonValueKind.Null);
        // Of parquet an empty list stands for none.
        if (!isThere || (!set.HasClasses && node is JsonArray { Count: 0 }))
            return set.HasClasses ? throw new DataFormatException($"the field \"all_classes\" is {(fields.ContainsKey("all_classes") ? "null" : "missing")}, expected an array of strings, by which {set.Name} is scored.") : null;
        return RecordValues.Strings(fields, "all_classes");
    }
}
