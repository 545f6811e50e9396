using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Samples.Shared.Reporting;
using LongContext.Tokenization;

namespace LongContext.Samples.MultiDocumentQA;

/// <summary>Asks a model the same questions with the gold document at different places among others (Liu et al. 2024, "Lost in the Middle", arXiv:2307.03172).</summary>
internal sealed class PositionStudy(IQuestionSet questions, HuggingFaceTokenizer tokenizer, IReadOnlyList<int> documentCounts, int asked, int answerTokens)
{
    private static readonly (string Name, double Share)[] Places = [("first", 0), ("25 %", 0.25), ("middle", 0.5), ("75 %", 0.75), ("last", 1)];

    public static string PlacesExplained => "the gold document first, a quarter of the way, in the middle, at three quarters, last; \"without gold\" replaces it by another, so that only guessing is left";

    public ReportTable Measure(string name, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var table = new ReportTable { Name = name, RowsAre = "documents", Columns = [.. Places.Select(place => place.Name), "mean", "without gold"], ChartColumns = Places.Length };
        foreach (int documents in documentCounts)
        {
            double[] accuracies = [.. Places.Select(place => Accuracy(model, documents, (int)Math.Round(place.Share * (documents - 1)), cancellationToken))];
            table.Rows.Add(new ReportLine($"{documents}", [.. accuracies.Cast<double?>(), accuracies.Average(), Accuracy(model, documents, null, cancellationToken)]));
        }

        return table;
    }

    /// <summary>What the model says to a question, word by word until it ends or the longest answer is reached.</summary>
    public string Answer(CausalLanguageModel model, PositionQuestion question, CancellationToken cancellationToken)
    {
        int[] made = new TextGenerator(model).Generate(tokenizer.Encode(question.Prompt), new GenerationOptions { MaximumNewTokens = answerTokens }, cancellationToken);
        return tokenizer.Decode(made);
    }

    private double Accuracy(CausalLanguageModel model, int documents, int? gold, CancellationToken cancellationToken) =>
        Enumerable.Range(0, asked).Average(number =>
        {
            PositionQuestion question = questions.Ask(number, documents, gold);
            return LostInTheMiddle.BestSubspanExactMatch(Answer(model, question, cancellationToken), question.Answers);
        });
}
