using LongContext.Data;
using LongContext.Data.Reading;

namespace LongContext.Samples.BookSummarization.Folder;

/// <summary>A chapter of BookSum with its summary.</summary>
internal sealed record BookChapter(string Chapter, string Summary)
{
    private const string ChapterField = "chapter";
    private static readonly string[] SummaryFields = ["summary_text", "summary"];

    /// <summary>The prompt of the published fine-tuning (Together AI's Llama-2-7B-32K-Instruct).</summary>
    public static string Prompt(string text) => $"Chapter: {text}\n\nQ: Can you write an appropriate summary of the above paragraphs?\n\nA: ";

    /// <summary>Reads a record: "chapter", and "summary_text" or "summary".</summary>
    /// <exception cref="DataFormatException">A field is missing or empty.</exception>
    public static BookChapter Read(DataRecord record)
    {
        string? summary = SummaryFields.Select(field => Text(record, field)).FirstOrDefault(text => text is not null);
        return new BookChapter(
            Text(record, ChapterField) ?? throw new DataFormatException($"expected a text in \"{ChapterField}\""),
            summary ?? throw new DataFormatException($"expected a text in \"{string.Join("\" or \"", SummaryFields)}\""));
    }

    private static string? Text(DataRecord record, string field) =>
        record.Fields[field] is System.Text.Json.Nodes.JsonValue value && value.TryGetValue(out string? text) && !string.IsNullOrWhiteSpace(text) ? text.Trim() : null;
}
