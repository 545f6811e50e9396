using System.Diagnostics;
using LongContext.Data.Making;
using LongContext.Evaluation.Metrics;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Folder;
using LongContext.Samples.Shared.Reporting;
using LongContext.Tokenization;

namespace LongContext.Samples.BookSummarization.Folder;

/// <summary>The same on a user's model and BookSum's files: measures, tunes, measures again, with whole chapters and with chapters cut to the old window.</summary>
internal sealed class FolderJob(FolderOptions options, int summaryTokens)
{
    private const int Examples = 2;
    private static readonly string[] Scores = ["ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum"];

    private readonly ChapterSummaryMaker maker = new();
    private readonly HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(options.Model);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        (ChapterSummaries[] training, ChapterSummaries[] heldOut) = HeldOutData.Read(options, ChapterSummaries.Read, chapter => chapter.Chapter, "chapter", cancellationToken);
        using CausalLanguageModel model = options.Placement.Load(options.Model);
        int window = model.ContextLength, context = options.ContextLength ?? window;
        if (Math.Min(window, context) - summaryTokens < 64) throw new UsageException($"A window of {Math.Min(window, context)} tokens leaves no room for a chapter beside --summary-tokens {summaryTokens}.");
        var report = new TableReport
        {
            Title = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model))}: summaries of chapters",
            Explanation = $"F1 of Google's ROUGE with stemming, the mean over {heldOut.Length} chapters of the data's end, on which nothing was trained; of several right summaries the best-fitting counts. Chapters are cut at their end where they do not fit into the "
                + "window together with question and summary. Lead takes as many words from the chapter's beginning as the right summary has.",
        };
        var table = new ReportTable { Name = "ROUGE", RowsAre = "summaries", Columns = Scores, ChartColumns = Scores.Length };
        report.Tables.Add(table);
        table.Rows.Add(Score("lead: the chapter's first words", heldOut, Lead));
        table.Rows.Add(Score($"as it is, chapters cut to {window:N0} tokens", heldOut, chapter => Summarise(model, chapter, window, cancellationToken)));
        if (!options.MeasureOnly)
        {
            await FolderTuning.RunAsync(model, tokenizer, [.. training.SelectMany((chapter, number) => maker.Make(chapter, number))], options, cancellationToken);
            if (context > window) table.Rows.Add(Score($"fine-tuned, chapters cut to {window:N0} tokens", heldOut, chapter => Summarise(model, chapter, window, cancellationToken)));
            table.Rows.Add(Score($"fine-tuned, chapters cut to {context:N0} tokens", heldOut, chapter => Summarise(model, chapter, context, cancellationToken)));
        }

        for (int i = 0; i < Math.Min(Examples, heldOut.Length); i++)
            report.Examples.Add(new ReportExample($"Chapter {i + 1}", new Dictionary<string, string> { ["right"] = heldOut[i].Summaries[0], ["said"] = Summarise(model, heldOut[i], options.MeasureOnly ? window : context, cancellationToken) }));
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, options.MeasureOnly ? null : Path.Combine(options.Output, "model"));
    }

    private string Summarise(CausalLanguageModel model, ChapterSummaries chapter, int window, CancellationToken cancellationToken)
    {
        int room = window - summaryTokens - tokenizer.Encode(Prompt(chapter, string.Empty)).Length;
        int[] text = tokenizer.Encode(chapter.Chapter, addSpecialTokens: false);
        string shown = text.Length <= room ? chapter.Chapter : tokenizer.Decode(text[..room]);
        return tokenizer.Decode(new TextGenerator(model).Generate(
            tokenizer.Encode(Prompt(chapter, shown)), new GenerationOptions { MaximumNewTokens = summaryTokens }, cancellationToken)).Trim();
    }

    /// <summary>The prompt that the maker gives to a text in place of the chapter's.</summary>
    private string Prompt(ChapterSummaries chapter, string text) => maker.Make(chapter with { Chapter = text }, number: 0)[0].Prompt;

    private static string Lead(ChapterSummaries chapter) => string.Join(' ', Words(chapter.Chapter).Take(Words(chapter.Summaries[0]).Length));

    private static string[] Words(string text) => text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);

    private static ReportLine Score(string name, ChapterSummaries[] chapters, Func<ChapterSummaries, string> summarise)
    {
        RougeScores[] scores = [.. chapters.Select(chapter => GoogleRouge.Score(summarise(chapter), chapter.Summaries, stems: true))];
        return new ReportLine(name, [scores.Average(score => score.Rouge1.F1), scores.Average(score => score.Rouge2.F1), scores.Average(score => score.RougeL.F1), scores.Average(score => score.RougeLsum.F1)]);
    }
}
