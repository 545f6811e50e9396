namespace LongContext.Evaluation.Reports;

/// <summary>A report gathered for a reader, in memory that does not grow with its items but by the scores that are compared.</summary>
internal sealed class ReportView
{
    /// <summary>How many failures are shown with their texts.</summary>
    public const int WorstShown = 20;

    /// <summary>How many of the items that could not be asked or scored are listed.</summary>
    public const int FaultsShown = 50;

    /// <summary>What a mark means.</summary>
    public const string BestRemark = "Best is marked where the difference to every other is sure: on the items that both were asked, failed ones left out, with 95 % confidence, and at least six of them differ.";

    private Dictionary<string, Contender> best = [];

    private ReportView(EvaluationReport report) => Report = report;

    public EvaluationReport Report { get; }

    public required IReadOnlyList<Contender> Contenders { get; init; }

    public required IReadOnlyList<TaskView> Tasks { get; init; }

    public required IReadOnlyList<ContenderTotals> Totals { get; init; }

    /// <summary>How many contenders are compared on the average of tasks whose scores are shares; 0 where there are no two who did the same.</summary>
    public required int ComparedOnAverage { get; init; }

    public required WorstItems Worst { get; init; }

    /// <summary>The first items that failed or did not fit.</summary>
    public required IReadOnlyList<ItemResult> Faults { get; init; }

    public required long FaultCount { get; init; }

    public required IReadOnlyList<string> Models { get; init; }

    public required IReadOnlyList<string> Strategies { get; init; }

    /// <summary>Strategies of tasks that strategies apply to.</summary>
    public required IReadOnlyList<string> ComparedStrategies { get; init; }

    public bool HasShares => Tasks.Any(task => task.IsShare && Counts(task, ComparedStrategies));

    public bool HasLower => Tasks.Any(task => task.LowerIsBetter && Counts(task, ComparedStrategies));

    /// <summary>What is compared item by item.</summary>
    public required PairedScores Paired { get; init; }

    /// <summary>The report's own tables, and behind them that of models compared where there are several.</summary>
    public IReadOnlyList<ReportSection> Sections { get; private set; } = [];

    /// <summary>What the report comes to, a sentence each.</summary>
    public IReadOnlyList<string> Verdict { get; private set; } = [];

    /// <summary>Whether some items count in no mean because they were too long or failed.</summary>
    public bool HasUnanswered => Totals.Any(total => total.Mean is not null && total.MeanOverAll < total.Mean);

    public bool HasCosts => Totals.Any(totals => totals.Cost is not null);

    public static ReportView Of(EvaluationReport report)
    {
        Dictionary<Contender, int> contenders = [];
        Dictionary<string, TaskView> tasks = new(StringComparer.Ordinal);
        foreach (TaskSummary summary in report.Tasks)
        {
            contenders.TryAdd(new Contender(summary.Model, summary.Strategy), contenders.Count);
            TaskOf(summary.Task).Add(summary);
        }

        List<ItemResult> faults = [];
        long faultCount = 0;
        foreach (ItemResult item in report.Items)
        {
            Contender contender = new(item.Model, item.Strategy);
            contenders.TryAdd(contender, contenders.Count);
            TaskOf(item.Task).Add(contender, item);
            if (item.Status == ItemStatus.Scored) continue;
            faultCount++;
            if (faults.Count < FaultsShown) faults.Add(item);
        }

        // Only now is known of each task what its scores are.
        WorstItems worst = new(WorstShown);
        foreach (ItemResult item in report.Items)
        {
            if (tasks[item.Task].IsShare) worst.Add(new Contender(item.Model, item.Strategy), item);
        }

        TaskView[] views = [.. tasks.Values];
        Contender[] ordered = [.. contenders.OrderBy(entry => entry.Value).Select(entry => entry.Key)];
        string[] compared = [.. views.Where(task => task.UsesStrategies).SelectMany(task => task.Contenders).Distinct().OrderBy(contender => contenders[contender])
            .Select(contender => contender.Strategy).Distinct(StringComparer.Ordinal)];
        ContenderTotals[] totals = [.. ordered.Select(contender => ContenderTotals.Of(contender, views, [.. views.Where(task => Counts(task, compared))]))];
        PairedScores paired = PairedScores.Of(ordered.Length > 1 ? report.Items : []);
        BestContenders best = new(paired, ordered);
        int averaged = Mark(totals, best, [.. views.Where(task => Counts(task, compared))]);
        ReportView view = new(report)
        {
            Paired = paired,
            best = views.Select(task => (task.Name, Best: best.Of(task))).Where(pair => pair.Best is not null).ToDictionary(pair => pair.Name, pair => pair.Best!.Value, StringComparer.Ordinal),
            Contenders = ordered,
            Tasks = views,
            Totals = totals,
            ComparedOnAverage = averaged,
            Worst = worst,
            Faults = faults,
            FaultCount = faultCount,
            Models = [.. ordered.Select(contender => contender.Model).Distinct(StringComparer.Ordinal)],
            ComparedStrategies = compared,
            Strategies = [.. ordered.Select(contender => contender.Strategy).Distinct(StringComparer.Ordinal)],
        };
        ModelComparison[] comparisons = [.. ComparedModels.Of(view)];
        view.Sections = [.. report.Sections, .. ComparedModels.Sections(view, comparisons)];
        view.Verdict = [.. ReportVerdict.Of(view, comparisons)];
        return view;

        TaskView TaskOf(string name)
        {
            if (!tasks.TryGetValue(name, out TaskView? task)) tasks.Add(name, task = new TaskView(name));
            return task;
        }
    }

    /// <summary>What a contender is called where models and strategies that all have are left out.</summary>
    public string Name(Contender contender) =>
        Strategies.Count == 1 ? contender.Model : Models.Count == 1 ? contender.Strategy : $"{contender.Model} · {contender.Strategy}";

    /// <summary>Whether a contender is surely the best in a task.</summary>
    public bool IsBest(TaskView task, Contender contender) => best.TryGetValue(task.Name, out Contender found) && found == contender;

    /// <summary>One of a task's official figures, by contender, with as many places as the task's others.</summary>
    public IEnumerable<string> FigureOf(TaskView task, string name)
    {
        int places = ReportNumbers.Places(task.Summaries.Values.SelectMany(summary => summary.Figures).Select(figure => figure.Value));
        return Contenders.Select(contender => ReportNumbers.Official(task.Summaries.GetValueOrDefault(contender)?.Figures.FirstOrDefault(figure => figure.Name == name)?.Value, places));
    }

    /// <summary>Beside several strategies a task that was evaluated once, with none of them, would make the others look as if they had left it out.</summary>
    private static bool Counts(TaskView task, IReadOnlyList<string> compared) => task.UsesStrategies || compared.Count < 2;

    /// <summary>Marks who is surely best; who did fewer tasks than others may have done only the easy ones, and is not compared.</summary>
    /// <returns>How many are compared on the average of shares.</returns>
    private static int Mark(ContenderTotals[] totals, BestContenders best, TaskView[] counted)
    {
        if (totals.Length < 2) return 0;
        int tasks = totals.Max(total => total.MeanTasks), lower = totals.Max(total => total.LowerTasks);
        ContenderTotals[] sharing = [.. totals.Where(total => total.MeanTasks == tasks && total.Mean is not null)], lowering = [.. totals.Where(total => total.LowerTasks == lower && total.LowerMean is not null)];
        TaskView[] shares = best.Common(counted.Where(task => task.IsShare), [.. sharing.Select(total => total.Contender)]);
        TaskView[] lowers = best.Common(counted.Where(task => task.LowerIsBetter), [.. lowering.Select(total => total.Contender)]);
        Contender? first = best.OfShares(shares, sharing), lowest = best.OfLower(lowers, lowering);
        foreach (ContenderTotals total in totals)
        {
            total.IsBest = total.Contender == first;
            total.IsLowest = total.Contender == lowest;
        }

        return sharing.Length < 2 || shares.Length == 0 ? 0 : sharing.Length;
    }
}
