using System.Diagnostics;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks.Likelihood;
using LongContext.Samples.Shared;
using LongContext.Samples.Shared.Extension;
using LongContext.Tokenization;

namespace LongContext.Samples.RopeScalingStudy.Folder;

/// <summary>The study on a model and a text of the user's: perplexity by window length.</summary>
internal sealed class FolderStudy(ExtensionOptions options, bool tunes)
{
    private const int Windows = 8;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(options.Model);
        var data = new ExtensionData(options);
        Console.WriteLine(data.Description);
        using var models = new StudyModels();
        await models.LoadAsync(
            data.Factor, tokenizer, scaling => ExtensionTuning.Load(options, scaling),
            tunes ? (model, progress) => ExtensionTuning.RunAsync(model, data, options, progress, cancellationToken) : null,
            (name, model) =>
            {
                model.Save(Path.Combine(options.Output, name));
                tokenizer.Save(Path.Combine(options.Output, name));
            });

        // Every window one document that begins anew, the same places of the text at every length.
        var task = new PerplexityTask([new PerplexityDocument("held out", data.HeldOutText)], new PerplexityTaskOptions
        {
            Lengths = data.Lengths, Stride = options.ContextLength, MaximumWindows = Windows, Beginning = WindowBeginning.EveryWindow, KeepsPartialWindow = false,
        });
        var runner = new EvaluationRunner(new EvaluationRunOptions { Title = $"Rope scaling: perplexity of {Path.GetFileName(Path.TrimEndingDirectorySeparator(options.Model))}, by length", RequestsAtOnce = 1 });
        EvaluationReport report = await runner.RunAsync([.. models.Rows.Select(row => row.Model)], [task], progress: new RunLines("measuring"), cancellationToken: cancellationToken);
        StudyTable.Show($"Perplexity on {data.HeldOutDescription}", models.Rows, data.Lengths, (row, length) => StudyTable.Mean(report, row, length));
        StudyFiles.Write(report, options.Output, watch.Elapsed, tunes);
    }
}
