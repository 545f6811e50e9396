using System.Globalization;
using System.Text;
using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation;

/// <summary>Two models side by side, on the items that both were asked, so that the difference of their means is sure as soon as it can be.</summary>
/// <remarks>
/// An item that failed, or whose answer no judge rated, for one of the two is left out: that is no fault of a model's. One that is too long for one of them counts 0 for it where higher scores are better; one that is too
/// long for both is left out. Intervals are those of paired differences: where scores are 0 or 1 that of Agresti and Min (2005), else Student's, tasks put together as by Zou and Donner (2008).
/// </remarks>
public sealed record ModelComparison
{
    /// <summary>The model's name. Required.</summary>
    public required string Model { get; init; }

    /// <summary>The name of the model that it is held against. Required.</summary>
    public required string Baseline { get; init; }

    /// <summary>The strategy that both are compared with. Required.</summary>
    public required string Strategy { get; init; }

    /// <summary>Task by task, in the report's order; those that one of the two has no result in are left out. Required.</summary>
    public required IReadOnlyList<ModelTaskComparison> Tasks { get; init; }

    /// <summary>Tasks in <see cref="Difference"/>: those with scores from 0 to 1, higher ones better, and an item that both were asked. Default: none.</summary>
    public IReadOnlyList<string> Averaged { get; init; } = [];

    /// <summary>The mean of these tasks' differences, every task alike, above 0 where the model is better; null where there is none.</summary>
    public double? Difference { get; init; }

    /// <summary>Where that mean lies with 95 % confidence, or null where there are too few items to say.</summary>
    public ConfidenceInterval? Interval { get; init; }

    /// <summary>True where the model is surely better on the average of tasks, false where it is surely worse, null where the difference is not sure, as of <see cref="ModelTaskComparison.IsBetter"/>. Default: null.</summary>
    public bool? IsBetter { get; init; }

    /// <summary>Compares two models of a report.</summary>
    /// <param name="report">Results of a run, or of several put together.</param>
    /// <param name="model">The name of a model.</param>
    /// <param name="baseline">The name of the one to hold it against.</param>
    /// <param name="strategy">The strategy; null (the default) for the first that both have results with.</param>
    /// <exception cref="ArgumentException">The report has no such model or strategy, or no strategy that both have results with.</exception>
    public static ModelComparison Of(EvaluationReport report, string model, string baseline, string? strategy = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(baseline);
        string[] models = [.. report.Items.Select(item => item.Model).Concat(report.Tasks.Select(task => task.Model)).Distinct()];
        Require(models, model, nameof(model));
        Require(models, baseline, nameof(baseline));
        if (model == baseline) throw new ArgumentException($"'{model}' is held against itself, expected two models.", nameof(baseline));
        string[] strategies = [.. StrategiesOf(model).Intersect(StrategiesOf(baseline))];
        if (strategies.Length == 0 || (strategy is not null && !strategies.Contains(strategy)))
            throw new ArgumentException($"There are no results of both models with {(strategy is null ? "one strategy" : $"the strategy '{strategy}'")}; both have {(strategies.Length == 0 ? "none" : string.Join(", ", strategies.Select(name => $"'{name}'")))}.", nameof(strategy));
        ReportView view = ReportView.Of(report);
        return Of(view, new Contender(model, strategy ?? strategies[0]), new Contender(baseline, strategy ?? strategies[0]));

        string[] StrategiesOf(string name) => [.. report.Items.Where(item => item.Model == name).Select(item => item.Strategy).Distinct()];
    }

    internal static ModelComparison Of(ReportView view, Contender model, Contender baseline)
    {
        List<ModelTaskComparison> tasks = [];
        List<string> averaged = [];
        List<Tally> differences = [];
        foreach (TaskView task in view.Tasks.Where(task => view.Paired.Has(task.Name, model) && view.Paired.Has(task.Name, baseline)))
        {
            Tally own = new(), others = new(), difference = new();
            int better = 0, same = 0;
            foreach ((double first, double second) in view.Paired.Pairs(task.Name, model, baseline, task.LowerIsBetter))
            {
                own.Add(first);
                others.Add(second);
                difference.Add(first - second);
                if (first == second) same++;
                else if (first > second != task.LowerIsBetter) better++;
            }

            bool isThere = difference.Count > 0;
            ConfidenceInterval? interval = task.IsShare ? WithinOne(difference.DifferenceInterval(isShare: true)) : difference.DifferenceInterval(isShare: false);
            tasks.Add(new ModelTaskComparison
            {
                Task = task.Name,
                LowerIsBetter = task.LowerIsBetter,
                Items = difference.Count,
                Mean = isThere ? own.Mean : null,
                BaselineMean = isThere ? others.Mean : null,
                Difference = isThere ? difference.Mean : null,
                Interval = interval,
                IsBetter = Tally.SideOf(interval, [difference]) is { } isAbove ? isAbove != task.LowerIsBetter : null,
                Better = better,
                Same = same,
                Worse = difference.Count - better - same,
            });
            if (!task.IsShare || !isThere) continue;
            averaged.Add(task.Name);
            differences.Add(difference);
        }

        ConfidenceInterval? overall = differences.Count == 0 ? null : WithinOne(Tally.OfMeans(differences, areDifferences: true).Interval);
        return new ModelComparison
        {
            Model = model.Model,
            Baseline = baseline.Model,
            Strategy = model.Strategy,
            Tasks = tasks,
            Averaged = averaged,
            Difference = differences.Count == 0 ? null : differences.Average(tally => tally.Mean),
            Interval = overall,
            IsBetter = Tally.SideOf(overall, differences),
        };
    }

    /// <summary>Differences of shares lie from −1 to 1.</summary>
    private static ConfidenceInterval? WithinOne(ConfidenceInterval? interval) =>
        interval is { } given ? given with { Low = Math.Max(-1, given.Low), High = Math.Min(1, given.High) } : null;

    /// <summary>A line for each task and one for their average: the difference, of 100 where scores are shares, its interval, and whether it is sure.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Model} against {Baseline} ({Strategy})\n");
        foreach (ModelTaskComparison task in Tasks)
        {
            text.Append(CultureInfo.InvariantCulture, $"{task.Task}: {Describe(task.Difference, task.Interval, task.IsBetter, Averaged.Contains(task.Task))}, {task.Items:N0} items: {task.Better:N0} better, {task.Same:N0} the same, {task.Worse:N0} worse\n");
        }

        if (Averaged.Count > 1) text.Append(CultureInfo.InvariantCulture, $"average of {Averaged.Count} tasks: {Describe(Difference, Interval, IsBetter, isShare: true)}\n");
        return text.ToString();
    }

    /// <summary>A difference with its interval and what is sure of it.</summary>
    internal static string Describe(double? difference, ConfidenceInterval? interval, bool? isBetter, bool isShare)
    {
        if (difference is not { } value) return "no item that both were asked";
        string range = interval is { } given ? $" ({ReportNumbers.Difference(given.Low, isShare)} to {ReportNumbers.Difference(given.High, isShare)})" : "";
        return $"{ReportNumbers.Difference(value, isShare)}{range}, {isBetter switch { true => "better", false => "worse", _ => "not sure" }}";
    }

    private static void Require(string[] models, string name, string parameter)
    {
        if (!models.Contains(name)) throw new ArgumentException($"The report has no model '{name}'; it has {string.Join(", ", models.Select(known => $"'{known}'"))}.", parameter);
    }
}
