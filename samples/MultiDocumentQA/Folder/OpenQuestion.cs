using System.Text.Json.Nodes;
using LongContext.Data;
using LongContext.Data.Reading;

namespace LongContext.Samples.MultiDocumentQA.Folder;

/// <summary>A question of Lost in the Middle's files, with the document that answers it and others that do not.</summary>
internal sealed record OpenQuestion(string Question, IReadOnlyList<string> Answers, OpenDocument Gold, IReadOnlyList<OpenDocument> Others)
{
    /// <summary>Reads a line: "question", "answers", and "ctxs" with "title", "text" and "isgold".</summary>
    /// <exception cref="DataFormatException">A field is missing or no document is the gold one.</exception>
    public static OpenQuestion Read(DataRecord record)
    {
        JsonObject[] documents = [.. Field<JsonArray>(record.Fields, "ctxs").Select(document => document as JsonObject ?? throw new DataFormatException("expected objects in \"ctxs\""))];
        string[] answers = [.. Field<JsonArray>(record.Fields, "answers").Select(answer => answer?.GetValue<string>() ?? "")];
        if (answers.Length == 0) throw new DataFormatException("\"answers\" is empty: expected at least one");
        JsonObject[] gold = [.. documents.Where(IsGold)];
        if (gold.Length != 1) throw new DataFormatException($"{gold.Length} of \"ctxs\" are the gold document (\"isgold\": true), expected one");
        return new OpenQuestion(Text(record.Fields, "question"), answers, Document(gold[0]), [.. documents.Where(document => !IsGold(document)).Select(Document)]);
    }

    private static bool IsGold(JsonObject document) => document["isgold"] is JsonValue value && value.TryGetValue(out bool gold) && gold;

    private static OpenDocument Document(JsonObject document) => new(Text(document, "title"), Text(document, "text"));

    private static string Text(JsonObject fields, string name) => Field<JsonValue>(fields, name) is var value && value.TryGetValue(out string? text) ? text : throw new DataFormatException($"\"{name}\" is not a text");

    private static T Field<T>(JsonObject fields, string name)
        where T : JsonNode => fields[name] as T ?? throw new DataFormatException($"expected a field \"{name}\" ({(typeof(T) == typeof(JsonArray) ? "a list" : "a text")})");
}
