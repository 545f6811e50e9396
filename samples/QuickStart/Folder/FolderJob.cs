using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.Samples.QuickStart.Reporting;
using LongContext.Samples.Shared.Extension;

namespace LongContext.Samples.QuickStart.Folder;

/// <summary>Extends a model of the user's, tunes it on long documents made of the user's text, and measures perplexity by length.</summary>
internal sealed class FolderJob(ExtensionOptions options)
{
    private readonly ExtensionData data = new(options);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        Console.WriteLine(data.Description);
        var report = new Report
        {
            Title = $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model))}: from {data.TrainedWindow:N0} to {options.ContextLength:N0} tokens",
            Explanation = $"Perplexity, per token and per byte, on {data.HeldOutDescription}, which the tuning did not see: windows of each length, every one a document that begins anew.",
            Lengths = data.Lengths,
            Rows = [],
        };
        report.Rows.Add(MeasureUntuned("as it is", scaling: null, cancellationToken));
        string? saved = options.MeasureOnly ? null : Path.Combine(options.Output, "model");
        if (saved is not null) await ExtendAsync(report, saved, cancellationToken);
        report.Seconds = watch.Elapsed.TotalSeconds;
        report.Show();
        report.Write(options.Output, saved);
    }

    private async Task ExtendAsync(Report report, string folder, CancellationToken cancellationToken)
    {
        string factor = $"×{data.Factor:0.##}";
        report.Rows.Add(MeasureUntuned($"linear {factor} without fine-tuning", RopeScaling.Linear(data.Factor), cancellationToken));
        report.Rows.Add(MeasureUntuned($"dynamic {factor} without fine-tuning", RopeScaling.DynamicNtk(data.Factor), cancellationToken));
        using CausalLanguageModel model = Load(RopeScaling.Linear(data.Factor));
        await TuneAsync(model, cancellationToken);
        report.Rows.Add(Measure($"linear {factor} fine-tuned on packed long sequences", model, cancellationToken));
        model.Save(folder);
    }

    private Task TuneAsync(CausalLanguageModel model, CancellationToken cancellationToken) => TrainingDisplay.ShowAsync(
        "fine-tuning", progress => ExtensionTuning.RunAsync(model, data, options, progress, cancellationToken));

    private ReportRow MeasureUntuned(string name, RopeScaling? scaling, CancellationToken cancellationToken)
    {
        using CausalLanguageModel model = Load(scaling);
        return Measure(name, model, cancellationToken);
    }

    private ReportRow Measure(string name, CausalLanguageModel model, CancellationToken cancellationToken)
    {
        var row = new ReportRow { Name = name, Perplexity = [], PerplexityPerByte = [] };
        foreach (PerplexityAtLength at in new PerplexityEvaluator(model).EvaluateByLength(data.HeldOutTokens, data.MeasureOptions, data.ByteCount, cancellationToken))
        {
            row.Perplexity.Add(at.Sum.Perplexity);
            row.PerplexityPerByte.Add(at.Sum.PerplexityPerByte);
        }

        return row;
    }

    private CausalLanguageModel Load(RopeScaling? scaling) => ExtensionTuning.Load(options, scaling);
}
