namespace LongContext.Evaluation.Reports;

/// <summary>Who is best, where that is sure: the difference to every other contender, on the items that both were asked, lies on one side of 0 with 95 % confidence (<see cref="Tally.SideOf"/>).</summary>
internal sealed class BestContenders(PairedScores paired, IReadOnlyList<Contender> contenders)
{
    /// <summary>The best in a task, or null where nobody surely is.</summary>
    public Contender? Of(TaskView task) =>
        First([.. contenders.Where(contender => paired.Has(task.Name, contender)).OrderByDescending(contender => Better(task) * paired.MeanOf(task.Name, contender, task.LowerIsBetter))], (first, second) => IsBetter(task, first, second));

    /// <summary>The best on the average of tasks whose scores are shares, or null.</summary>
    public Contender? OfShares(IReadOnlyList<TaskView> tasks, IEnumerable<ContenderTotals> totals) =>
        First([.. totals.OrderByDescending(total => total.MeanOverAll).Select(total => total.Contender)], (first, second) => Overall(tasks, first, second, logarithms: false) == true);

    /// <summary>Those of some tasks that all of some contenders have, who are compared over them.</summary>
    public TaskView[] Common(IEnumerable<TaskView> tasks, IReadOnlyCollection<Contender> compared) => [.. tasks.Where(task => compared.All(contender => paired.Has(task.Name, contender)))];

    /// <summary>The best on the geometric average of tasks whose lower scores are better, or null.</summary>
    public Contender? OfLower(IReadOnlyList<TaskView> tasks, IEnumerable<ContenderTotals> totals) =>
        First([.. totals.OrderBy(total => total.LowerMean).Select(total => total.Contender)], (first, second) => Overall(tasks, first, second, logarithms: true) == false);

    private static double Better(TaskView task) => task.LowerIsBetter ? -1 : 1;

    private bool IsBetter(TaskView task, Contender first, Contender second)
    {
        Tally differences = paired.Differences(task, first, second);
        return Tally.SideOf(differences.DifferenceInterval(task.IsShare), [differences]) == !task.LowerIsBetter;
    }

    /// <summary>Whether the first is above the second on the average of tasks, or below; null where neither is sure.</summary>
    private bool? Overall(IReadOnlyList<TaskView> tasks, Contender first, Contender second, bool logarithms)
    {
        Tally[] differences = [.. tasks.Select(task => paired.Differences(task, first, second, logarithms))];
        return differences.Length == 0 || differences.Any(tally => tally.Count == 0) ? null : Tally.SideOf(Tally.OfMeans(differences, areDifferences: true).Interval, differences);
    }

    /// <summary>At most one is better than all others; the likeliest come first, and most fall at their first comparison.</summary>
    private static Contender? First(Contender[] candidates, Func<Contender, Contender, bool> isBetter)
    {
        if (candidates.Length < 2) return null;
        foreach (Contender candidate in candidates)
        {
            if (candidates.All(other => other == candidate || isBetter(candidate, other))) return candidate;
        }

        return null;
    }
}
