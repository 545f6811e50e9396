using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.Summaries;

/// <summary>Documents and summaries of records.</summary>
internal sealed class SummaryReader(SummarizationTaskOptions options)
{
    private static readonly string[] DocumentNames = ["report", "article", "transcript", "input"];
    private static readonly string[] SummaryNames = ["summary", "highlights", "abstract", "output"];
    private static readonly string[] BookNames = ["chapter", "text", "chapters_text", "document"];

    private readonly HashSet<string> ids = new(StringComparer.Ordinal);

    /// <exception cref="DataFormatException">A field is missing or of another kind, or an id comes twice; the message names file, line and field.</exception>
    public DocumentSummary Read(DataRecord record)
    {
        (string document, IReadOnlyList<string> summaries) = Texts(record);
        string id = TextOrNumber(record, options.IdColumn) ?? ItemIds.OfNumber(ids.Count + 1);
        if (!ids.Add(id)) throw RecordFields.Fault(record.Origin, $"the id is \"{id}\", as that of a record before it.");
        return new DocumentSummary { Document = document, Summaries = summaries, Id = id, Group = options.GroupColumn is { } group ? TextOrNumber(record, group) : null };
    }

    private (string Document, IReadOnlyList<string> Summaries) Texts(DataRecord record)
    {
        string? document = options.DocumentColumn ?? First(record, DocumentNames), summary = options.SummaryColumn ?? First(record, SummaryNames);
        if (options.DocumentColumn is null && options.SummaryColumn is null && (document is null || summary is null) && First(record, BookNames) is not null)
        {
            ChapterSummaries chapter = ChapterSummaries.Read(record);
            return (chapter.Chapter, chapter.Summaries);
        }

        if (document is null) throw Missing(record, "document", [.. DocumentNames, .. BookNames]);
        if (summary is null) throw Missing(record, "summary", SummaryNames);
        string[] summaries = [.. record.RequireTexts(summary).Where(text => !string.IsNullOrWhiteSpace(text))];
        return summaries.Length > 0 ? (record.RequireText(document), summaries) : throw RecordFields.Fault(record.Origin, $"the field \"{summary}\" holds no summary with text.");
    }

    private static string? First(DataRecord record, string[] names) => names.FirstOrDefault(name => record.Fields[name] is not null);

    private static string? TextOrNumber(DataRecord record, string name) =>
        record.Fields[name] is JsonValue value && value.GetValueKind() == JsonValueKind.Number ? value.ToString() : RecordFields.OptionalText(record.Fields, name, record.Origin, "");

    private static DataFormatException Missing(DataRecord record, string what, string[] names) => RecordFields.Fault(
        record.Origin, $"there is no {what}: expected one of the fields {string.Join(", ", names.Select(name => $"\"{name}\""))}, or a column in the options; found {RecordFields.Names(record.Fields)}.");
}
