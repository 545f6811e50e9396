namespace LongContext.Samples.MultiDocumentQA.Folder;

/// <summary>Questions of Lost in the Middle's files in the paper's prompt: documents in the order of their retrieval, the gold one put where it is wanted.</summary>
internal sealed class OpenQuestions(IReadOnlyList<OpenQuestion> questions) : IQuestionSet
{
    public PositionQuestion Ask(int number, int documents, int? gold)
    {
        OpenQuestion question = questions[number];
        List<OpenDocument> shown = [.. question.Others.Take(gold is null ? documents : documents - 1)];
        if (gold is { } place) shown.Insert(Math.Min(place, shown.Count), question.Gold);
        string list = string.Join('\n', shown.Select((document, i) => $"Document [{i + 1}](Title: {document.Title}) {document.Text}"));
        return new PositionQuestion(
            "Write a high-quality answer for the given question using only the provided search results (some of which might be irrelevant).\n\n"
            + $"{list}\n\nQuestion: {question.Question}\nAnswer:",
            question.Answers);
    }
}
