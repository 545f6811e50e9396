using System.Globalization;
using System.Text;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>What ranking models are asked; the library's own words. A change of them, or of how answers are read, is a change of <see cref="Version"/>.</summary>
internal static class ReRankingPrompts
{
    public const int Version = 2;

    public static EvaluationPrompt List(string question, IReadOnlyList<string> passages)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"Below are {passages.Count} passages of a longer text, each with its number in brackets, and then a question.\n\n");
        for (int i = 0; i < passages.Count; i++) text.Append(CultureInfo.InvariantCulture, $"[{i + 1}] {passages[i]}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"Question:\n{question.Trim()}\n\n");
        text.Append("Order the passages by how much they help to answer the question, the most helpful first. Name every passage once. ");
        text.Append("Answer with the numbers alone, in this form: [2] > [1] > [3]");
        return EvaluationPrompt.FromText(text.ToString());
    }

    public static EvaluationPrompt Point(string question, string passage, int highest) => EvaluationPrompt.FromText(string.Create(CultureInfo.InvariantCulture, $"""
        Here is a passage of a longer text:

        {passage}

        Question:
        {question.Trim()}

        How much does the passage help to answer the question? Answer with one number from 0 (not at all) to {highest} (it has the answer) in double brackets, in this form: [[0]]
        """));

    /// <summary>A passage's first words, on one line.</summary>
    public static string Passage(TextChunk chunk, int words) => string.Join(' ', TextUnits.Words(chunk.Text).Take(words).Select(word => chunk.Text[word]));

    public static AnswerSettings Settings(ReRankingOptions options) => new() { MaximumNewTokens = options.MaximumNewTokens };

    public static InvalidOperationException TooLong(EvaluationModel model, string remedy, PromptTooLongException exception) =>
        new($"Passages to rank do not fit into {model.Name}: {exception.Message} {remedy}", exception);
}
