using System.Diagnostics;
using LongContext.Data;
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

namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>Tunes the word model on questions about documents and measures by the gold document's place, before and after.</summary>
internal sealed class WordJob(JobOptions options)
{
    private const int ContextLength = 2048, PackTokens = 4096;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var language = new WordLanguage(HuggingFaceTokenizer.Load(options.Model));
        var questions = new WordQuestions(language, options.Questions);
        var study = new PositionStudy(questions, language.Tokenizer, options.Documents, options.Questions, PassageLanguage.AnswerWords);
        var report = new TableReport { Title = "", Explanation = "" };
        if (!options.TunedOnly)
        {
        report.Tables.Add(Measure(study, "as it is", null, cancellationToken));
        report.Tables.Add(Measure(study, "linear ×8 without fine-tuning", RopeScaling.Linear(8), cancellationToken));
        }
        Console.WriteLine($"measured {watch.Elapsed.TotalSeconds:0}");
        using CausalLanguageModel model = CausalLanguageModel.Load(options.Model);
        TrainingRecipe recipe = Compose(model, PassageCurriculum.Make(language, options.Tokens, options.Seed), cancellationToken);
        Console.WriteLine($"{recipe.Trainer.Steps} steps; {watch.Elapsed.TotalSeconds:0}");
        await recipe.RunAsync(model, new StepLines("fine-tuning"), cancellationToken: cancellationToken);
        Console.WriteLine($"tuned {watch.Elapsed.TotalSeconds:0}");
        report.Tables.Add(study.Measure("linear ×8 fine-tuned", model, cancellationToken));
        for (int i = 0; i < 4; i++)
        {
            var q = questions.Ask(i, options.Documents[^1], options.Documents[^1] / 2);
            report.Examples.Add(new ReportExample($"Question {i}", new Dictionary<string, string> { ["right"] = q.Answers[0], ["said"] = study.Answer(model, q, cancellationToken) }));
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
            // A window of eight packs, so that few documents come before many.
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

    private ReportTable Measure(PositionStudy study, string name, RopeScaling? scaling, CancellationToken cancellationToken)
    {
        using CausalLanguageModel model = CausalLanguageModel.Load(options.Model, new ModelLoadOptions { RopeScaling = scaling });
        return study.Measure(name, model, cancellationToken);
    }
}
