using LongContext.Data.Making;

namespace LongContext.Samples.MultiDocumentQA.Folder;

/// <summary>Questions of Lost in the Middle's files in the paper's prompt: other documents in the order of their retrieval, the gold one put where it is wanted.</summary>
internal sealed class OpenQuestions(IReadOnlyList<MultiDocumentQuestion> questions) : IQuestionSet
{
    public PositionQuestion Ask(int number, int documents, int? gold)
    {
        MultiDocumentQuestion question = questions[number];
        // Without the gold document there may be one fewer: files hold no more than were published.
        List<PassageDocument> shown = [.. question.Distractors.Take(gold is null ? documents : documents - 1)];
        if (gold is { } place) shown.Insert(place, question.Gold);
        return new PositionQuestion(MultiDocumentPrompt.Write(question.Question, shown), question.Answers);
    }
}
