using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Making;

/// <summary>A chapter of a book and summaries of it.</summary>
/// <param name="Chapter">The chapter's text.</param>
/// <param name="Summaries">Its summaries, at least one.</param>
public sealed record ChapterSummaries(string Chapter, IReadOnlyList<string> Summaries)
{
    private static readonly string[] ChapterNames = ["chapter", "text", "chapters_text", "document"];
    private static readonly string[] SummaryNames = ["summary_text", "summary", "summaries", "chapter_summary"];

    /// <summary>The book, or null (the default) where nobody said.</summary>
    public string? BookId { get; init; }

    /// <summary>Where it was read, or null (the default).</summary>
    public RecordOrigin? Origin { get; init; }

    /// <summary>Reads a record of BookSum in any of the forms it is published in.</summary>
    /// <param name="record">
    /// The chapter is in chapter, text, chapters_text or document: a string, or its paragraphs. The summary is in summary_text, summary, summaries or
    /// chapter_summary: a string, or an array of sentences (in summary, with a text in paragraphs beside it: the authors' own script), or an array of
    /// summaries: strings, or objects with a field text or summary. The book is in bid, book_id (which in the authors' files names the chapter too) or
    /// book_title. The first field of each list that is there counts; empty summaries do not.
    /// </param>
    /// <exception cref="DataFormatException">A field is missing or of another kind, or no summary has text; the message names file, line and field.</exception>
    public static ChapterSummaries Read(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string chapterName = First(record, ChapterNames, "chapter"), summaryName = First(record, SummaryNames, "summary");
        bool inParagraphs = record.Fields[chapterName] is JsonArray;
        string chapter = inParagraphs ? string.Join("\n", record.RequireTexts(chapterName)) : record.RequireText(chapterName);
        List<string> summaries = [];
        if (record.Fields[summaryName] is not JsonArray array) summaries.Add(record.RequireText(summaryName));
        else if (inParagraphs) summaries.Add(string.Join(" ", record.RequireTexts(summaryName)));
        else if (array.Count > 0 && array[0] is JsonObject) summaries.AddRange(record.Objects(summaryName).Select(item => Text(item.Fields, record.Origin, item.Where)));
        else summaries.AddRange(record.RequireTexts(summaryName));
        summaries.RemoveAll(string.IsNullOrWhiteSpace);
        if (string.IsNullOrWhiteSpace(chapter)) throw RecordFields.Fault(record.Origin, $"the field \"{chapterName}\" is empty, expected text.");
        if (summaries.Count == 0) throw RecordFields.Fault(record.Origin, $"the field \"{summaryName}\" holds no summary with text.");
        return new ChapterSummaries(chapter, summaries) { BookId = Book(record.Fields), Origin = record.Origin };
    }

    private static string First(DataRecord record, string[] names, string what) => names.FirstOrDefault(name => record.Fields[name] is not null)
        ?? throw RecordFields.Fault(record.Origin, $"there is no {what}: expected one of the fields {string.Join(", ", names.Select(name => $"\"{name}\""))}; found {RecordFields.Names(record.Fields)}.");

    private static string Text(JsonObject fields, RecordOrigin origin, string where) =>
        RecordFields.OptionalText(fields, "text", origin, where) ?? RecordFields.OptionalText(fields, "summary", origin, where)
        ?? throw RecordFields.Fault(origin, $"there is no field \"{where}text\"; found {RecordFields.Names(fields)}.");

    private static string? Book(JsonObject fields) => ((string[])["bid", "book_id", "book_title"])
        .Select(name => fields[name] as JsonValue).FirstOrDefault(value => value?.GetValueKind() is JsonValueKind.String or JsonValueKind.Number)?.ToString();
}
