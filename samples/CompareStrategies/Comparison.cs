using System.Diagnostics;
using System.Globalization;
using LongContext.Evaluation;
using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Tasks;
using LongContext.Samples.Shared;

namespace LongContext.Samples.CompareStrategies;

/// <summary>One call runs models × strategies × tasks; then the tables and the report's files.</summary>
internal sealed class Comparison(string title, string output)
{
    /// <summary>How many requests at once.</summary>
    public int RequestsAtOnce { get; init; } = 1;

    public async Task RunAsync(
        IReadOnlyList<EvaluationModel> models, IReadOnlyList<EvaluationTask> tasks, IReadOnlyList<IContextStrategy> strategies, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        // The folder "run" holds every answer: the same command again asks only what is missing.
        var runner = new EvaluationRunner(new EvaluationRunOptions
        {
            Title = title,
            Folder = Path.Combine(output, "run"),
            OnChangedSettings = ChangedSettings.MeasureAgain,
            RequestsAtOnce = RequestsAtOnce,
        });
        EvaluationReport report = await runner.RunAsync(models, tasks, strategies, new RunLines("asking"), cancellationToken);
        report.Write(output);

        ComparisonTable.Show(report);
        Console.WriteLine();
        string page = Path.Combine(output, "report.html");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Done in {watch.Elapsed.TotalSeconds:0} s. Curves, tables and single answers: {page}."));
    }
}
