using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Repetition;
using LongContext.Samples.Shared.Words;
using LongContext.Tokenization;

namespace LongContext.Samples.RopeScalingStudy.Words;

/// <summary>The study on QuickStart's word model, from 256 to 2,048 tokens: who still finds and repeats 16 words, at which length.</summary>
internal sealed class WordStudy(string output, int questions, int steps, int seed)
{
    private static readonly int[] Lengths = [256, 512, 1024, 2048];
    private static readonly double[] Depths = [0, 0.25, 0.5, 0.75, 1];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(WordModel.Folder);
        var language = new RepetitionLanguage(tokenizer);
        Console.WriteLine($"A word model trained for 256 tokens, its positions stretched ×{RepetitionTuning.Factor} in three ways{(steps == 0 ? "" : $", each as it is and after {steps} steps on the same packs")}.");
        using var models = new StudyModels();
        await models.LoadAsync(
            RepetitionTuning.Factor, tokenizer,
            scaling => CausalLanguageModel.Load(WordModel.Folder, new ModelLoadOptions { RopeScaling = scaling }),
            steps == 0 ? null : (model, progress) => RepetitionTuning.RunAsync(model, language, seed, progress, steps, cancellationToken),
            (name, model) => model.Save(Path.Combine(output, name)));

        EvaluationReport report;
        using (OneThread.Use())
        {
            var runner = new EvaluationRunner(new EvaluationRunOptions { Title = "Rope scaling: words after a marker, by length", RequestsAtOnce = 1 });
            report = await runner.RunAsync([.. models.Rows.Select(row => row.Model)], [new MarkerTask(language, Lengths, questions, seed, Depths)], progress: new RunLines("asking"), cancellationToken: cancellationToken);
        }

        StudyTable.Show("Repeating 16 words after a marker: Levenshtein ratio in words", models.Rows, Lengths, (row, length) => StudyTable.Mean(report, row, length));
        StudyFiles.Write(report, output, watch.Elapsed, tuned: steps > 0);
    }
}
