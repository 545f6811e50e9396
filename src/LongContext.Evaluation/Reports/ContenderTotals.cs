namespace LongContext.Evaluation.Reports;

/// <summary>What a model with a strategy reached and spent in all tasks.</summary>
internal sealed record ContenderTotals
{
    public required Contender Contender { get; init; }

    /// <summary>Mean of the tasks' means, of those whose scores are shares; null where there is none.</summary>
    public double? Mean { get; init; }

    /// <summary>The same with items that were too long or failed as 0.</summary>
    public double? MeanOverAll { get; init; }

    /// <summary>Tasks in <see cref="Mean"/>.</summary>
    public int MeanTasks { get; init; }

    /// <summary>Geometric mean of the tasks' means, of those where lower is better; null where there is none.</summary>
    public double? LowerMean { get; init; }

    /// <summary>Tasks in <see cref="LowerMean"/>.</summary>
    public int LowerTasks { get; init; }

    public required int Scored { get; init; }

    /// <summary>Of each of <see cref="ItemCounts.All"/>, in their order.</summary>
    public required IReadOnlyList<long> Counts { get; init; }

    public required long InputTokens { get; init; }

    public required long OutputTokens { get; init; }

    public required TimeSpan Duration { get; init; }

    /// <summary>Null where a task has no cost.</summary>
    public required decimal? Cost { get; init; }

    public bool IsBest { get; set; }

    public bool IsLowest { get; set; }

    public long CountOf(ItemCounts count)
    {
        int at = 0;
        while (ItemCounts.All[at] != count) at++;
        return Counts[at];
    }

    public static ContenderTotals Of(Contender contender, IReadOnlyList<TaskView> tasks, IReadOnlyList<TaskView> counted)
    {
        (TaskView Task, TaskSummary Summary)[] own = [.. tasks.Where(task => task.Summaries.ContainsKey(contender)).Select(task => (task, task.Summaries[contender]))];
        (TaskView Task, TaskSummary Summary)[] shares = [.. own.Where(entry => entry.Task.IsShare && entry.Summary.Mean is not null && counted.Contains(entry.Task))];
        double[] lower = [.. own.Where(entry => entry.Task.LowerIsBetter && entry.Summary.Mean > 0 && counted.Contains(entry.Task)).Select(entry => entry.Summary.Mean!.Value)];
        return new ContenderTotals
        {
            Contender = contender,
            Mean = shares.Length == 0 ? null : shares.Average(entry => entry.Summary.Mean!.Value),
            MeanOverAll = shares.Length == 0 ? null : shares.Average(entry => entry.Task.Measure(entry.Summary)!.Value),
            MeanTasks = shares.Length,
            LowerMean = lower.Length == 0 ? null : lower.Length == 1 ? lower[0] : Math.Exp(lower.Average(Math.Log)),
            LowerTasks = lower.Length,
            Scored = own.Sum(entry => entry.Summary.Scored),
            Counts = [.. ItemCounts.All.Select(count => own.Sum(entry => (long)count.Of(entry.Summary)))],
            InputTokens = own.Sum(entry => entry.Summary.InputTokens),
            OutputTokens = own.Sum(entry => entry.Summary.OutputTokens),
            Duration = own.Aggregate(TimeSpan.Zero, (sum, entry) => sum + entry.Summary.Duration),
            Cost = own.Length == 0 || own.Any(entry => entry.Summary.Cost is null) ? null : own.Sum(entry => entry.Summary.Cost!.Value),
        };
    }
}
