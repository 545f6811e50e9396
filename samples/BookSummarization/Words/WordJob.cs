using System.Diagnostics;
using LongContext.Data;
using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Recipes;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Reporting;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;
using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext.Samples.BookSummarization.Words;

/// <summary>Tunes the word model on chapters with summaries and measures ROUGE by the chapter's length, before and after.</summary>
internal sealed class WordJob(JobOptions options)
{
    private const int ContextLength = 2048, PackTokens = 4096;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var language = new WordLanguage(HuggingFaceTokenizer.Load(options.Model));
        var study = new ChapterStudy(language, options.Lengths, options.Chapters);
        var rows = new List<(string Name, List<RougeScores>[] Scores)>();
        if (!options.TunedOnly)
        {
            rows.Add(("as it is", Measure(study, null, cancellationToken)));
            rows.Add(("linear ×8 without fine-tuning", Measure(study, RopeScaling.Linear(8), cancellationToken)));
        }
        rows.Add(("lead", study.MeasureLead()));
        Console.WriteLine($"measured {watch.Elapsed.TotalSeconds:0}");
        using CausalLanguageModel model = CausalLanguageModel.Load(options.Model);
        TrainingRecipe recipe = Compose(model, ChapterCurriculum.Make(language, options.Tokens, options.Seed), cancellationToken);
        Console.WriteLine($"{recipe.Trainer.Steps} steps; {watch.Elapsed.TotalSeconds:0}");
        await recipe.RunAsync(model, new StepLines("fine-tuning"), cancellationToken: cancellationToken);
        Console.WriteLine($"tuned {watch.Elapsed.TotalSeconds:0}");
        rows.Add(("fine-tuned, chapter cut to 256 tokens", study.Measure(model, 256, cancellationToken)));
        rows.Add(("fine-tuned", study.Measure(model, null, cancellationToken)));
        var report = new TableReport { Title = "", Explanation = "" };
        foreach ((string name, Func<RougeScores, PrecisionRecall> of) in new (string, Func<RougeScores, PrecisionRecall>)[] { ("ROUGE-1", s => s.Rouge1), ("ROUGE-2", s => s.Rouge2), ("ROUGE-L", s => s.RougeL) })
        {
            report.Tables.Add(new ReportTable { Name = name, RowsAre = "tokens", Columns = [.. options.Lengths.Select(l => $"{l:N0}")], ChartColumns = options.Lengths.Count,
                Rows = [.. rows.Select(row => new ReportLine(row.Name, [.. row.Scores.Select(list => (double?)list.Average(s => of(s).F1))]))] });
        }
        for (int i = 0; i < 2; i++)
        {
            Chapter chapter = study.Chapter(options.Lengths[^1], i);
            report.Examples.Add(new ReportExample($"Question {i}", new Dictionary<string, string> { ["right"] = chapter.Summary, ["said"] = study.Summarise(model, chapter, null, cancellationToken) }));
        }
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, Path.Combine(options.Output, "model"));
    }

    private TrainingRecipe Compose(CausalLanguageModel model, IReadOnlyList<TokenSequence> sequences, CancellationToken cancellationToken)
    {
        TrainingRecipe recipe = InstructionTuning.Compose(model.Config, DataSource.FromList(sequences, seed: null), new InstructionTuningOptions
        {
            ContextLength = ContextLength,
            // A window of eight packs, so that short chapters come before long ones.
            Packing = InstructionTuning.Packing(PackTokens) with { LossWeighting = LossWeighting.PerToken, WindowTokens = 8 * PackTokens, Seed = options.Seed },
            Trainer = InstructionTuning.DefaultTrainer with
            {
                LearningRate = options.LearningRate ?? 4.5e-3,
                GradientAccumulationSteps = 1,
                Schedule = LearningRateSchedule.Cosine(warmupSteps: 10),
                Optimizer = new AdamWOptions { Beta2 = 0.98, WeightDecay = 0.05 },
                Seed = options.Seed,
            },
            OutputFolder = Path.Combine(options.Output, "model"),
        });
        return recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps(cancellationToken) } };
    }

    private List<RougeScores>[] Measure(ChapterStudy study, RopeScaling? scaling, CancellationToken cancellationToken)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(options.Model, new ModelLoadOptions { RopeScaling = scaling });
        return study.Measure(model, null, cancellationToken);
    }
}
