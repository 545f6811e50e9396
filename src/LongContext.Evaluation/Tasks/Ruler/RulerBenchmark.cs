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
                $"Averages of at most {tasks} of the {Ruler.Names.Count} tasks by length. wAvg. (inc) weighs long lengths more, wAvg. (dec) short ones. Effective is the longest length up to which every average exceeds {RulerSummary.Llama2Percentage} and is of all tasks that the model has a score in at any length; a length that lacks some shows of how many its average is. “Not sure”: by so few items the average of a length up to it, or of the next, may lie on the other side of that bar (95 % confidence); {nameof(EffectiveContext)}.{nameof(EffectiveContext.FindAsync)} asks as many as it takes. Items without a score are in no average."),
            Columns = ["Model", "Strategy", .. lengths.Select(length => length.ToString(CultureInfo.InvariantCulture)), "Avg.", "wAvg. (inc)", "wAvg. (dec)", "Effective"],
            NameColumns = 2,
            Rows = [.. summaries.Select(IReadOnlyList<string> (summary) =>
            [
                summary.Model,
                summary.Strategy,
                .. lengths.Select(length => Figure(summary, summary.Lengths.FirstOrDefault(own => own.Length == length))),
                Figure(summary.Average),
                Figure(summary.IncreasingAverage),
                Figure(summary.DecreasingAverage),
                Effective(summary),
            ])],
        };
    }

    private static string Figure(RulerSummary summary, RulerLengthScore? length) => length is null || length.Scores.Count == summary.TaskCount
        ? Figure(length?.Average)
        : string.Create(CultureInfo.InvariantCulture, $"{Figure(length.Average)} ({length.Scores.Count} of {summary.TaskCount})");

    private static string Effective(RulerSummary summary)
    {
        string doubt = summary.IsEffectiveLengthSure ? "" : " (not sure)";
        if (summary.EffectiveLength is { } length) return length.ToString(CultureInfo.InvariantCulture) + doubt;
        // Of a part of the tasks nobody knows whether all of them would have been enough.
        RulerLengthScore shortest = summary.Lengths[0];
        return shortest.Scores.Count < summary.TaskCount ? Figure(null) : "below " + shortest.Length.ToString(CultureInfo.InvariantCulture) + doubt;
    }

    private static string Figure(double? value) => value is { } number ? number.ToString("0.0", CultureInfo.InvariantCulture) : "–";
}
