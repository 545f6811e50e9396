using System.Globalization;

namespace LongContext.Evaluation.Reports;

/// <summary>What a report comes to, in a sentence or two above all tables.</summary>
internal static class ReportVerdict
{
    private const int MostComparisons = 3;

    public static IEnumerable<string> Of(ReportView view, IReadOnlyList<ModelComparison> comparisons)
    {
        if (view.ComparedOnAverage > 1)
        {
            string others = view.ComparedOnAverage < view.Totals.Count ? "every other that did as many tasks" : "every other";
            string kind = view.Strategies.Count == 1 ? "model" : view.Models.Count == 1 ? "strategy" : "model with any strategy";
            yield return view.Totals.FirstOrDefault(total => total.IsBest) is { } best
                ? $"Best on average: {view.Name(best.Contender)}; its difference to {others} is sure."
                : $"Nobody is surely best: no {kind} is better than {others} by more than chance allows for.";
        }

        ModelComparison[] told = [.. comparisons.Where(comparison => comparison.Difference is not null)];
        foreach (ModelComparison comparison in told.Take(told.Length <= MostComparisons ? MostComparisons : 0))
        {
            int items = comparison.Tasks.Where(task => comparison.Averaged.Contains(task.Task)).Sum(task => task.Items);
            string strategy = view.Strategies.Count > 1 ? $" ({comparison.Strategy})" : "";
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{comparison.Model} against {comparison.Baseline}{strategy}: {ModelComparison.Describe(comparison.Difference, comparison.Interval, comparison.IsBetter, isShare: true)}, over {items:N0} {(items == 1 ? "item" : "items")} that both were asked.");
        }

        string lost = string.Join(", ", ItemCounts.All.Select(count => (count.Name, Number: view.Report.Tasks.Sum(summary => (long)count.Of(summary)))).Where(count => count.Number > 0)
            .Select(count => $"{ReportNumbers.Count(count.Number)} {count.Name}"));
        if (lost.Length > 0) yield return $"{ReportNumbers.Count(view.Totals.Sum(total => (long)total.Scored))} items scored; {lost}.";
    }
}
