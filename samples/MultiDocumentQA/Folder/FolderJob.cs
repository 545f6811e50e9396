using System.Diagnostics;
using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Models;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Folder;
using LongContext.Samples.Shared.Reporting;
using LongContext.Tokenization;

namespace LongContext.Samples.MultiDocumentQA.Folder;

/// <summary>The same on a user's model and Lost in the Middle's files: measures, tunes with the gold document at any place, measures again.</summary>
internal sealed class FolderJob(FolderOptions options, IReadOnlyList<int>? documentCounts, int answerTokens)
{
    private const int Examples = 3;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(options.Model);
        (MultiDocumentQuestion[] training, MultiDocumentQuestion[] heldOut) = HeldOutData.Read(options, MultiDocumentQuestion.Read, question => question.Question, "question", cancellationToken);
        int[] counts = Counts([.. training, .. heldOut]);
        using CausalLanguageModel model = options.Placement.Load(options.Model);
        var study = new PositionStudy(new OpenQuestions(heldOut), tokenizer, counts, heldOut.Length, answerTokens);
        var report = new TableReport
        {
            Title = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model))}: questions about one of up to {counts[^1]} documents",
            Explanation = $"{heldOut.Length} questions of the data's end, on which nothing was trained; the gold document {PositionStudy.PlacesExplained}. Share of questions whose answer's first line holds a right "
                + "answer (best_subspan_em of Lost in the Middle).",
        };
        report.Tables.Add(study.Measure("as it is", model, cancellationToken));
        if (!options.MeasureOnly)
        {
            await FolderTuning.RunAsync(model, tokenizer, Prompts(training, counts), options, cancellationToken);
            report.Tables.Add(study.Measure("fine-tuned", model, cancellationToken));
        }

        for (int number = 0; number < Math.Min(Examples, heldOut.Length); number++) report.Examples.Add(study.Example(number, counts[^1], model, cancellationToken));
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, options.MeasureOnly ? null : Path.Combine(options.Output, "model"));
    }

    /// <summary>As many documents as the question with the fewest has, unless fewer are asked for.</summary>
    private int[] Counts(IReadOnlyList<MultiDocumentQuestion> questions)
    {
        int most = questions.Min(question => question.Distractors.Count) + 1;
        int[] counts = [.. documentCounts ?? [most]];
        return counts.All(count => count >= 2 && count <= most) ? counts : throw new UsageException($"--documents must be from 2 to {most}: so many documents has the question with the fewest.");
    }

    /// <summary>Each question once, with any of the numbers of documents and the gold one anywhere.</summary>
    private PromptExample[] Prompts(MultiDocumentQuestion[] questions, int[] counts)
    {
        MultiDocumentMaker[] makers = [.. counts.Select(count => new MultiDocumentMaker(new MultiDocumentOptions { MinimumDocuments = count, MaximumDocuments = count, Seed = options.Seed }))];
        return [.. questions.Select((question, number) => makers[number % makers.Length].Make(question, number))];
    }
}
