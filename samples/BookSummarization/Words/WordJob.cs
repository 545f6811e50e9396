using System.Diagnostics;
using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Reporting;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>Tunes the word model on chapters with summaries and measures ROUGE by the chapter's length, before and after.</summary>
internal sealed class WordJob(WordJobOptions options)
{
    private const int BaseWindow = 256, ShortestChapter = 64, Examples = 2;
    private static readonly (string Name, Func<RougeScores, PrecisionRecall> Of)[] Scores = [("ROUGE-1", score => score.Rouge1), ("ROUGE-2", score => score.Rouge2), ("ROUGE-L", score => score.RougeL)];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (options.Lengths.Any(length => length is < ShortestChapter or > WordTuning.ContextLength)) throw new UsageException($"--lengths must be from {ShortestChapter} to {WordTuning.ContextLength:N0} tokens.");
        var watch = Stopwatch.StartNew();
        var language = new WordLanguage(HuggingFaceTokenizer.Load(WordModel.Folder));
        var study = new ChapterStudy(language, options.Lengths, options.Chapters);
        var ways = new List<(string Name, List<RougeScores>[] Scores)>
        {
            ("lead: the chapter's first words", study.MeasureLead()),
            ("as it is: a window of 256 tokens", WordTuning.MeasureUntuned(null, model => study.Measure(model, window: null, cancellationToken))),
            ($"linear ×{WordTuning.Factor} without fine-tuning", WordTuning.MeasureUntuned(RopeScaling.Linear(WordTuning.Factor), model => study.Measure(model, window: null, cancellationToken))),
        };
        Console.WriteLine($"Measured the word model as it is in {watch.Elapsed.TotalSeconds:0} s.");

        string saved = Path.Combine(options.Output, "model");
        using CausalLanguageModel model = CausalLanguageModel.Load(WordModel.Folder);
        TrainingRecipe recipe = WordTuning.Compose(model, ChapterCurriculum.Make(language, options.Tokens, options.Seed), options.Seed, saved, cancellationToken);
        await recipe.RunAsync(model, new StepLines("fine-tuning"), cancellationToken: cancellationToken);
        using OneThread threads = OneThread.Use();
        ways.Add(($"fine-tuned, chapter cut to {BaseWindow} tokens", study.Measure(model, BaseWindow, cancellationToken)));
        ways.Add(($"linear ×{WordTuning.Factor} fine-tuned", study.Measure(model, window: null, cancellationToken)));

        TableReport report = MakeReport(ways);
        for (int number = 0; number < Examples; number++)
        {
            Chapter chapter = study.Chapter(options.Lengths[^1], number);
            report.Examples.Add(new ReportExample(
                $"Chapter {number + 1} of {options.Lengths[^1]:N0} tokens",
                new Dictionary<string, string> { ["right"] = chapter.Summary, ["said"] = study.Summarise(model, chapter, cancellationToken) }));
        }

        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, saved);
    }

    private TableReport MakeReport(List<(string Name, List<RougeScores>[] Scores)> ways)
    {
        var report = new TableReport
        {
            Title = $"Summaries of chapters of up to {options.Lengths[^1]:N0} tokens",
            Explanation = "Made-up chapters of 4 to 16 paragraphs; the summary is every paragraph's first sentence, in order. F1 of Google's ROUGE over plain words (without stemming, signs left out), "
                + $"the mean over {options.Chapters} chapters of each length. No chapter was seen in training; a summary may be eight tokens longer than the right one. Lead takes as many words as the right summary has. A chapter cut to the old window is what one can do "
                + "without a longer one: paragraphs whose key sentence does not fit are lost.",
        };
        foreach ((string name, Func<RougeScores, PrecisionRecall> of) in Scores)
        {
            report.Tables.Add(new ReportTable
            {
                Name = name,
                RowsAre = "tokens",
                Columns = [.. options.Lengths.Select(length => $"{length:N0}")],
                ChartColumns = options.Lengths.Count,
                Rows = [.. ways.Select(way => new ReportLine(way.Name, [.. way.Scores.Select(scores => (double?)scores.Average(score => of(score).F1))]))],
            });
        }

        return report;
    }
}
