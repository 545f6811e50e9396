using System.Globalization;
using LongContext.Evaluation;
using LongContext.Evaluation.Tasks.LongBench;
using LongContext.Evaluation.Tasks.Ruler;

namespace LongContext.Samples.EvaluateAnyModel;

/// <summary>Shows what was found, writes the report and says where it lies.</summary>
internal static class Findings
{
    /// <summary>Shows and writes.</summary>
    /// <param name="report">The run's.</param>
    /// <param name="effective">Effective lengths, which become notes of the report.</param>
    /// <param name="folder">Where the report goes.</param>
    public static void Show(EvaluationReport report, IReadOnlyList<EffectiveContextResult> effective, string folder)
    {
        string[] lengths = [.. effective.SelectMany(Lines)];
        report = report with { Notes = [.. report.Notes, .. lengths] };
        Console.WriteLine();
        Console.WriteLine(report.ToText().TrimEnd() + "\n");
        foreach (RulerSummary summary in RulerSummary.Create(report.Items)) Console.WriteLine(Line(summary));
        foreach (LongBenchAverages averages in LongBenchAverages.Of(report)) Console.WriteLine(Line(averages));
        foreach (string line in lengths) Console.WriteLine(line);
        report.Write(folder);
        Console.WriteLine($"Curves, maps of depth × length and single answers: {Path.GetFullPath(Path.Combine(folder, "report.html"))}; beside it the same for programs.");
        Console.WriteLine("The answers are kept there: the same command asks only what has no answer yet; another --output FOLDER asks all anew.");
    }

    private static IEnumerable<string> Lines(EffectiveContextResult result)
    {
        foreach (EffectiveLength found in result.Tasks.Count > 1 ? [.. result.Tasks, result.Average] : result.Tasks)
        {
            string length = found.Length is { } tokens
                ? string.Create(CultureInfo.InvariantCulture, $"{tokens:N0} tokens{(found.FirstFailing is { } failing ? $"; {failing:N0} fail" : ", the longest that was tried")}")
                : string.Create(CultureInfo.InvariantCulture, $"none; {found.FirstFailing:N0}, the shortest that was tried, fail");
            string bounds = string.Create(CultureInfo.InvariantCulture, $"between {found.Lower?.ToString("N0", CultureInfo.InvariantCulture) ?? "?"} and {found.Upper?.ToString("N0", CultureInfo.InvariantCulture) ?? "?"}");
            yield return string.Create(
                CultureInfo.InvariantCulture, $"Effective length of {result.Model}, {found.Task}: {length} (a mean of {result.Threshold:0.###} or more; with {result.ConfidenceLevel:P0} confidence it ends {bounds}).");
        }
    }

    private static string Line(RulerSummary summary)
    {
        string lengths = string.Join("  ", summary.Lengths.Select(length => string.Create(CultureInfo.InvariantCulture, $"{length.Length:N0}: {length.Average:0.0}")));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"RULER, {summary.Model}, {summary.Strategy}: {lengths}  mean {summary.Average:0.0}, weighted to the long {summary.IncreasingAverage:0.0}, to the short {summary.DecreasingAverage:0.0}, above {summary.Threshold} up to {summary.EffectiveLength?.ToString("N0", CultureInfo.InvariantCulture) ?? "no length"}");
    }

    private static string Line(LongBenchAverages averages)
    {
        string missing = averages.Missing.Count == 0 ? "" : $"; without {string.Join(", ", averages.Missing)}";
        return $"{averages.Benchmark}{(averages.Bucket is null ? "" : " " + averages.Bucket)}, {averages.Model}, {averages.Strategy}: English {Figure(averages.English)}, Chinese {Figure(averages.Chinese)}, all {Figure(averages.All)}{missing}";

        static string Figure(LongBenchAverage average) => average.Overall?.ToString("0.00", CultureInfo.InvariantCulture) ?? "–";
    }
}
