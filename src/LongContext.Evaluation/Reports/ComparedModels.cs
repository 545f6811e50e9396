using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>Every model of a report held against the first one that has results, and the table of it.</summary>
internal static class ComparedModels
{
    /// <summary>More rows are not for reading; <see cref="ModelComparison.Of(EvaluationReport, string, string, string?)"/> has them.</summary>
    private const int MostRows = 200;

    public static IEnumerable<ModelComparison> Of(ReportView view)
    {
        foreach (string strategy in view.Models.Count < 2 ? [] : view.Strategies)
        {
            Contender[] contenders = [.. view.Contenders.Where(contender => contender.Strategy == strategy && view.Tasks.Any(task => view.Paired.Has(task.Name, contender)))];
            foreach (Contender contender in contenders.Skip(1))
            {
                Contender first = contenders[0];
                ModelComparison comparison = ModelComparison.Of(view, contender, first);
                if (comparison.Tasks.Count > 0) yield return comparison;
            }
        }
    }

    public static IEnumerable<ReportSection> Sections(ReportView view, IReadOnlyList<ModelComparison> comparisons)
    {
        IReadOnlyList<string>[] rows = [.. comparisons.SelectMany(comparison => Rows(comparison, view.Strategies.Count > 1))];
        if (rows.Length == 0) yield break;
        yield return new ReportSection
        {
            Title = "Models compared",
            Remark = $"Against {string.Join(", ", comparisons.Select(comparison => $"“{comparison.Baseline}”").Distinct())}, on the items that both were asked: means, their difference with its interval of 95 % confidence for paired differences (Agresti and Min 2005 where scores are 0 or 1, else "
                + "Student's), and items answered better, the same and worse. Items that failed or were not judged are left out; those too long for one of the two count 0, and are left out where lower scores are better. Not sure: the interval holds 0, or there are too few items that differ."
                + (rows.Length > MostRows ? string.Create(CultureInfo.InvariantCulture, $" The first {MostRows} of {rows.Length:N0} rows.") : ""),
            Columns = ["Model", .. view.Strategies.Count > 1 ? ["Strategy"] : (string[])[], "Task", "Items", "Mean", "Other's mean", "Difference", "Interval", "Better / same / worse", "Verdict"],
            NameColumns = view.Strategies.Count > 1 ? 3 : 2,
            Rows = [.. rows.Take(MostRows)],
        };
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(ModelComparison comparison, bool hasStrategies)
    {
        string[] names = hasStrategies ? [comparison.Model, comparison.Strategy] : [comparison.Model];
        if (comparison.Averaged.Count > 1)
        {
            ModelTaskComparison[] averaged = [.. comparison.Tasks.Where(task => comparison.Averaged.Contains(task.Task))];
            yield return
            [
                .. names, string.Create(CultureInfo.InvariantCulture, $"average of {averaged.Length}"), ReportNumbers.Count(averaged.Sum(task => (long)task.Items)),
                .. Figures(averaged.Average(task => task.Mean), averaged.Average(task => task.BaselineMean), comparison.Difference, comparison.Interval, isShare: true),
                Counts(averaged), Verdict(comparison.IsBetter),
            ];
        }

        foreach (ModelTaskComparison task in comparison.Tasks)
        {
            yield return
            [
                .. names, task.Task, ReportNumbers.Count(task.Items), .. Figures(task.Mean, task.BaselineMean, task.Difference, task.Interval, comparison.Averaged.Contains(task.Task)),
                Counts([task]), task.Items == 0 ? ReportNumbers.None : Verdict(task.IsBetter),
            ];
        }
    }

    private static string[] Figures(double? mean, double? other, double? difference, ConfidenceInterval? interval, bool isShare) =>
    [
        ReportNumbers.Score(mean, isShare), ReportNumbers.Score(other, isShare), difference is { } value ? ReportNumbers.Difference(value, isShare) : ReportNumbers.None,
        interval is { } given ? $"{ReportNumbers.Difference(given.Low, isShare)} to {ReportNumbers.Difference(given.High, isShare)}" : ReportNumbers.None,
    ];

    private static string Counts(IReadOnlyList<ModelTaskComparison> tasks) =>
        $"{ReportNumbers.Count(tasks.Sum(task => (long)task.Better))} / {ReportNumbers.Count(tasks.Sum(task => (long)task.Same))} / {ReportNumbers.Count(tasks.Sum(task => (long)task.Worse))}";

    private static string Verdict(bool? isBetter) => isBetter switch { true => "better", false => "worse", _ => "not sure" };
}
