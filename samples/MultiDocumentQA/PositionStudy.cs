using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Samples.Shared.Reporting;
using LongContext.Tokenization;

namespace LongContext.Samples.MultiDocumentQA;

/// <summary>
/// Asks a model the same questions with the gold document at different places among others (Liu et al. 2024, "Lost in the Middle",
/// arXiv:2307.03172).
/// </summary>
/// <param name="questions">What is asked.</param>
/// <param name="tokenizer">The model's.</param>
/// <param name="documentCounts">Numbers of documents, a row each.</param>
/// <param name="asked">How many questions.</param>
/// <param name="answerTokens">Most tokens of an answer.</param>
internal sealed class PositionStudy(IQuestionSet questions, HuggingFaceTokenizer tokenizer, IReadOnlyList<int> documentCounts, int asked, int answerTokens)
{
    private static readonly (string Name, double Share)[] Places = [("first", 0), ("25 %", 0.25), ("middle", 0.5), ("75 %", 0.75), ("last", 1)];

    public static string PlacesExplained => "first, a quarter of the way, in the middle, at three quarters, last. \"Without gold\", where another document stands in the middle instead, only guessing is left";

    public ReportTable Measure(string name, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var table = new ReportTable { Name = name, RowsAre = "documents", Columns = [.. Places.Select(place => place.Name), "mean", "without gold"], ChartColumns = Places.Length };
        foreach (int documents in documentCounts)
        {
            double[] accuracies = [.. Places.Select(place => Accuracy(model, documents, (int)Math.Round(place.Share * (documents - 1)), cancellationToken))];
            table.Rows.Add(new ReportLine($"{documents}", [.. accuracies.Cast<double?>(), accuracies.Average(), Accuracy(model, documents, gold: null, cancellationToken)]));
        }

        return table;
    }

    /// <summary>A question with the gold document in the middle, and what the model says.</summary>
    public ReportExample Example(int number, int documents, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        PositionQuestion question = questions.Ask(number, documents, documents / 2);
        return new ReportExample($"Question {number + 1} of those under {documents} documents", new Dictionary<string, string>
        {
            ["asked"] = question.Prompt.Length > 60 ? "… " + question.Prompt[^60..].Trim() : question.Prompt,
            ["right"] = question.Answers[0],
            ["said"] = Answer(model, question, cancellationToken),
        });
    }

    /// <summary>What the model says until its answer's first line ends, which alone counts in the paper's script, or the longest answer is reached.</summary>
    private string Answer(CausalLanguageModel model, PositionQuestion question, CancellationToken cancellationToken)
    {
        var made = new List<int>();
        foreach (int token in new TextGenerator(model).Stream(tokenizer.Encode(question.Prompt), new GenerationOptions { MaximumNewTokens = answerTokens }, cancellationToken))
        {
            made.Add(token);
            if (tokenizer.Decode([token]).Contains('\n', StringComparison.Ordinal)) break;
        }

        return LostInTheMiddle.FirstLine(tokenizer.Decode([.. made]));
    }

    private double Accuracy(CausalLanguageModel model, int documents, int? gold, CancellationToken cancellationToken) =>
        Enumerable.Range(0, asked).Average(number =>
        {
            PositionQuestion question = questions.Ask(number, documents, gold);
            return LostInTheMiddle.BestSubspanExactMatch(Answer(model, question, cancellationToken), question.Answers);
        });
}
