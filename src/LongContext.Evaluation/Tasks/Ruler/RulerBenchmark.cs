using System.Globalization;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>RULER's table: the average at each length, the averages over lengths, the effective length.</summary>
internal sealed class RulerBenchmark : IBenchmark
{
    private RulerBenchmark()
    {
    }

    public static RulerBenchmark Instance { get; } = new();

    public ReportSection? Summarize(EvaluationReport report)
    {
        IReadOnlyList<RulerSummary> summaries = RulerSummary.Create(report.Items);
        if (summaries.Count == 0) return null;
        int[] lengths = [.. summaries.SelectMany(summary => summary.Lengths).Select(length => length.Length).Distinct().Order()];
        int tasks = summaries.SelectMany(summary => summary.Lengths).SelectMany(length => length.Scores.Keys).Distinct().Count();
        return new ReportSection
        {
            Title = "RULER",
            Remark = string.Create(CultureInfo.InvariantCulture,
                $"Averages of {tasks} of the {Ruler.Names.Count} tasks by length. wAvg. (inc) weighs long lengths more, wAvg. (dec) short ones. Effective is the longest length up to which every average exceeds {RulerSummary.Llama2Percentage}. Items without a score are in no average."),
            Columns = ["Model", "Strategy", .. lengths.Select(length => length.ToString(CultureInfo.InvariantCulture)), "Avg.", "wAvg. (inc)", "wAvg. (dec)", "Effective"],
            NameColumns = 2,
            Rows = [.. summaries.Select(IReadOnlyList<string> (summary) =>
            [
                summary.Model,
                summary.Strategy,
                .. lengths.Select(length => Figure(summary.Lengths.FirstOrDefault(own => own.Length == length)?.Average)),
                Figure(summary.Average),
                Figure(summary.IncreasingAverage),
                Figure(summary.DecreasingAverage),
                summary.EffectiveLength?.ToString(CultureInfo.InvariantCulture) ?? "below " + summary.Lengths[0].Length.ToString(CultureInfo.InvariantCulture),
            ])],
        };
    }

    private static string Figure(double? value) => value is { } number ? number.ToString("0.0", CultureInfo.InvariantCulture) : "–";
}
