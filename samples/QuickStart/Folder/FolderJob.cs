using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Evaluation.Metrics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Samples.QuickStart.Reporting;
using LongContext.Training;

namespace LongContext.Samples.QuickStart.Folder;

/// <summary>Extends a model of the user's, tunes it on long documents made of the user's text, and measures perplexity by length.</summary>
internal sealed class FolderJob(FolderJobOptions options)
{
    private const int PackTokens = 8192;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var job = new ExtensionData(options);
        Console.WriteLine(job.Description);
        var report = new Report
        {
            Title = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model))}: from {job.TrainedWindow:N0} to {options.ContextLength:N0} tokens",
            Explanation = $"Perplexity, per token and per byte, on {job.HeldOutDescription}, which the tuning did not see: {job.WindowCount} windows, each one document that begins anew.",
            Lengths = job.Lengths,
            Rows = [],
        };
        report.Rows.Add(Measure("as it is", scaling: null));
        report.Rows.Add(Measure($"linear ×{job.Factor:0.##} without fine-tuning", RopeScaling.Linear(job.Factor)));
        report.Rows.Add(Measure($"dynamic ×{job.Factor:0.##} without fine-tuning", RopeScaling.DynamicNtk(job.Factor)));

        string saved = Path.Combine(options.Output, "model");
        using (CausalLanguageModel model = Load(RopeScaling.Linear(job.Factor)))
        {
            await TuneAsync(model);
            report.Rows.Add(MeasureModel($"linear ×{job.Factor:0.##} fine-tuned on packed long sequences", model));
            model.Save(saved);
        }

        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output);

        CausalLanguageModel Load(RopeScaling? scaling) =>
            CausalLanguageModel.Load(options.Model, new ModelLoadOptions { RopeScaling = scaling });

        ReportRow Measure(string name, RopeScaling? scaling)
        {
            using CausalLanguageModel model = Load(scaling);
            return MeasureModel(name, model);
        }

        ReportRow MeasureModel(string name, CausalLanguageModel model)
        {
            var evaluator = new PerplexityEvaluator(model);
            var row = new ReportRow { Name = name, Perplexity = [], PerplexityPerByte = [] };
            foreach (int length in job.Lengths)
            {
                var sum = new PerplexityAccumulator();
                foreach ((PackedBatch window, long bytes) in job.Windows(length))
                    sum.Add(evaluator.Evaluate([window], bytes, cancellationToken));
                row.Perplexity.Add(sum.Perplexity);
                row.PerplexityPerByte.Add(sum.PerplexityPerByte);
            }

            return row;
        }

        async Task TuneAsync(CausalLanguageModel model)
        {
            int documentsInPack = Math.Max(1, PackTokens / options.ContextLength);
            int steps = (int)Math.Max(1, options.Tokens / ((long)documentsInPack * options.ContextLength));
            using var trainer = new LongContextTrainer(model, new TrainerOptions
            {
                Steps = steps,
                LearningRate = options.LearningRate ?? DefaultLearningRate(model.Parameters.ElementCount),
                Schedule = LearningRateSchedule.Cosine(warmupSteps: Math.Max(1, steps / 20)),
                Seed = options.Seed,
            });
            IPackSource source = PackSource.FromFunction(index => job.TrainingPack(index, documentsInPack));
            await TrainingDisplay.ShowAsync("fine-tuning", progress => trainer.TrainAsync(source, progress, cancellationToken));
        }
    }

    private static double DefaultLearningRate(long weights) => weights < 1_000_000 ? 3e-3 : weights < 100_000_000 ? 1e-4 : 2e-5;
}
