using System.Text.Json.Nodes;
using LongContext.Data.Examples;
using LongContext.Data.Reading;

namespace LongContext.Data.Making;

/// <summary>A question, its answers, the document that holds the answer, and others that do not.</summary>
public sealed record MultiDocumentQuestion
{
    /// <summary>The question. Required.</summary>
    public required string Question { get; init; }

    /// <summary>The answers that are right, at least one; the first is the one to learn. Required.</summary>
    public required IReadOnlyList<string> Answers { get; init; }

    /// <summary>The document that the answer is in. Required.</summary>
    public required PassageDocument Gold { get; init; }

    /// <summary>Documents without the answer, the most alike first. Default: none.</summary>
    public IReadOnlyList<PassageDocument> Distractors { get; init; } = [];

    /// <summary>
    /// The documents as a file gives them, the gold one among them, for questions whose documents are chosen and ordered already; empty (the default)
    /// where they are not.
    /// </summary>
    public IReadOnlyList<PassageDocument> Given { get; init; } = [];

    /// <summary>Where the gold document is in <see cref="Given"/>, from 0; −1 (the default) where it is not.</summary>
    public int GivenGoldPosition { get; init; } = -1;

    /// <summary>A longer answer, for models that are to say where they have it from, or null (the default).</summary>
    public string? Evidence { get; init; }

    /// <summary>Where it was read, or null (the default).</summary>
    public RecordOrigin? Origin { get; init; }

    /// <summary>Reads a record of the Lost-in-the-Middle files: retrieval results, or the published data with their documents in order.</summary>
    /// <param name="record">
    /// Fields: question, answers (a string or several), ctxs (objects with title, text, hasanswer and, in the published data, isgold), nq_annotated_gold (title,
    /// chunked_long_answer, long_answer). The gold document is nq_annotated_gold's, and where that is missing the one with isgold. Distractors
    /// are the documents whose hasanswer is false and that are not gold, in their order.
    /// </param>
    /// <exception cref="DataFormatException">A field is missing or of another kind, or there is no gold document; the message names file, line and field.</exception>
    public static MultiDocumentQuestion Read(DataRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        string question = record.RequireText("question");
        IReadOnlyList<string> answers = record.RequireTexts("answers");
        // One without text would be the completion, and every document of a pool would hold it.
        for (int i = 0; i < answers.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(answers[i])) throw RecordFields.Fault(record.Origin, FormattableString.Invariant($"\"answers[{i}]\" is empty, expected text."));
        }

        List<PassageDocument> given = [], distractors = [];
        PassageDocument? gold = null;
        int goldPosition = -1;
        foreach ((JsonObject fields, string where) in record.Objects("ctxs"))
        {
            PassageDocument document = new(
                RecordFields.OptionalText(fields, "title", record.Origin, where) ?? "",
                RecordFields.RequireText(fields, "text", record.Origin, where),
                RecordFields.OptionalFlag(fields, "hasanswer", record.Origin, where));
            if (RecordFields.OptionalFlag(fields, "isgold", record.Origin, where) == true)
            {
                if (goldPosition >= 0) throw RecordFields.Fault(record.Origin, $"\"ctxs[{goldPosition}]\" and \"{where[..^1]}\" are both gold, expected one.");
                goldPosition = given.Count;
                gold = document;
            }
            else if (document.HoldsAnswer == false)
            {
                distractors.Add(document);
            }

            given.Add(document);
        }

        string? evidence = null;
        if (record.Fields["nq_annotated_gold"] is { } node)
        {
            const string Where = "nq_annotated_gold.";
            if (node is not JsonObject annotated) throw RecordFields.Fault(record.Origin, $"the field \"nq_annotated_gold\" is {Examples.RecordFields.Describe(node)}, expected an object.");
            evidence = RecordFields.OptionalText(annotated, "long_answer", record.Origin, Where);
            gold ??= new PassageDocument(
                RecordFields.OptionalText(annotated, "title", record.Origin, Where) ?? "", RecordFields.RequireText(annotated, "chunked_long_answer", record.Origin, Where), true);
        }

        if (gold is null) throw RecordFields.Fault(record.Origin, "there is no gold document: no \"nq_annotated_gold\", and no document of \"ctxs\" has \"isgold\": true.");
        return new MultiDocumentQuestion
        {
            Question = question, Answers = answers, Gold = gold, Distractors = distractors, Given = goldPosition < 0 ? [] : given, GivenGoldPosition = goldPosition, Evidence = evidence,
            Origin = record.Origin,
        };
    }
}
