using LongContext.Evaluation.Strategies;

namespace LongContext.Evaluation;

/// <summary>The strategies of each model side by side, on the items that all of them answered.</summary>
public sealed record StrategyComparison
{
    /// <summary>The strategy that the others are measured by, or null: each task's best.</summary>
    public string? Baseline { get; init; }

    /// <summary>Every model with every strategy, in the report's order.</summary>
    public required IReadOnlyList<StrategyStanding> Standings { get; init; }

    /// <summary>Compares the strategies of a report, by the tasks that strategies apply to.</summary>
    /// <param name="report">Results of a run.</param>
    /// <param name="baseline">The name of the strategy to measure by, such as <see cref="FullContextStrategy.StrategyName"/>; null (the default) for the best of each task.</param>
    /// <exception cref="ArgumentException">No model has a strategy of that name.</exception>
    public static StrategyComparison Of(EvaluationReport report, string? baseline = null)
    {
        ArgumentNullException.ThrowIfNull(report);
        // Tasks that strategies do not apply to say nothing about any.
        HashSet<string> alone = [.. report.Tasks.Where(task => !task.UsesStrategies).Select(task => task.Task)];
        ItemResult[] items = [.. report.Items.Where(item => !alone.Contains(item.Task) && item.Status != ItemStatus.NotMade)];
        string[] names = [.. items.Select(item => item.Strategy).Distinct()];
        if (baseline is not null && names.Length > 0 && !names.Contains(baseline))
            throw new ArgumentException($"No strategy is called \"{baseline}\"; there are {string.Join(", ", names.Select(name => $"\"{name}\""))}.", nameof(baseline));
        HashSet<string> lowerIsBetter = [.. report.Tasks.Where(task => task.LowerIsBetter).Select(task => task.Task)];
        return new StrategyComparison
        {
            Baseline = baseline,
            Standings = [.. items.GroupBy(item => item.Model).SelectMany(model => OfModel([.. model], baseline, lowerIsBetter))],
        };
    }

    private static IEnumerable<StrategyStanding> OfModel(ItemResult[] results, string? baseline, HashSet<string> lowerIsBetter)
    {
        string[] strategies = [.. results.Select(result => result.Strategy).Distinct()], tasks = [.. results.Select(result => result.Task).Distinct()];
        HashSet<(string Task, string Item)> all = [.. results.Select(Key)];
        HashSet<(string Task, string Item)> common = [.. results.Where(IsScored).GroupBy(Key).Where(item => item.Select(result => result.Strategy).Distinct().Count() == strategies.Length).Select(item => item.Key)];
        Dictionary<(string Strategy, string Task), double> means = results.Where(result => IsScored(result) && common.Contains(Key(result)))
            .GroupBy(result => (result.Strategy, result.Task)).ToDictionary(group => group.Key, group => group.Average(result => result.Score!.Value));
        Dictionary<string, double> bases = [];
        foreach (string task in tasks.Where(task => means.ContainsKey((strategies[0], task))))
        {
            bool lower = lowerIsBetter.Contains(task);
            double[] own = [.. strategies.Select(strategy => means[(strategy, task)])];
            double? measure = baseline is not null ? (means.TryGetValue((baseline, task), out double given) ? given : null) : lower ? own.Min() : own.Max();
            if (measure is { } value && (lower ? own.All(mean => mean > 0) : value > 0)) bases[task] = value;
        }

        StrategyStanding[] standings = [.. strategies.Select(strategy => Standing([.. results.Where(result => result.Strategy == strategy)]))];
        return standings.Select(standing => standing with { IsOnFront = IsOnFront(standing, standings) });

        StrategyStanding Standing(ItemResult[] own)
        {
            ItemResult[] counted = [.. own.Where(result => common.Contains(Key(result)))];
            StrategyTaskScore[] scores = [.. bases.Select(entry => Score(entry.Key, entry.Value, means[(own[0].Strategy, entry.Key)]))];
            // A task of which no answer was judged says nothing.
            (string Task, int Items)[] shares =
                [.. tasks.Where(task => !lowerIsBetter.Contains(task)).Select(task => (Task: task, Items: all.Count(item => item.Task == task) - NotJudged(own, task))).Where(share => share.Items > 0)];
            return new StrategyStanding
            {
                Model = own[0].Model,
                Strategy = own[0].Strategy,
                Normalized = scores.Length == 0 ? null : scores.Average(score => score.Normalized),
                Tasks = scores,
                TasksLeftOut = [.. tasks.Where(task => !bases.ContainsKey(task))],
                Answered = (double)own.Where(IsScored).Select(Key).Distinct().Count() / all.Count,
                MeanOverAll = shares.Length == 0 ? null
                    : shares.Average(share => own.Where(result => result.Task == share.Task && IsScored(result)).Sum(result => result.Score!.Value) / share.Items),
                Items = counted.Length,
                InputTokens = counted.Length == 0 ? null : counted.Average(result => (double)result.InputTokens),
                OutputTokens = counted.Length == 0 ? null : counted.Average(result => (double)result.OutputTokens),
                KeptShare = KeptShare(counted),
                Duration = counted.Length == 0 ? null : TimeSpan.FromTicks((long)counted.Average(result => (double)result.Duration.Ticks)),
                Cost = counted.Length == 0 || counted.Any(result => result.Cost is null) ? null : counted.Average(result => result.Cost!.Value),
            };
        }

        StrategyTaskScore Score(string task, double measure, double mean) =>
            new(task, common.Count(item => item.Task == task), mean, lowerIsBetter.Contains(task) ? measure / mean : mean / measure);
    }

    private static (string Task, string Item) Key(ItemResult result) => (result.Task, result.Item);

    /// <summary>That no judge rated an answer is nothing of the strategy's.</summary>
    private static int NotJudged(IEnumerable<ItemResult> own, string task) => own.Count(result => result.Task == task && result.Status == ItemStatus.NotJudged);

    private static bool IsScored(ItemResult result) => result is { Status: ItemStatus.Scored, Score: not null };

    private static double? KeptShare(ItemResult[] results)
    {
        double whole = 0, kept = 0;
        foreach (ItemResult result in results)
        {
            if (!result.Details.TryGetValue(StrategyDetails.ContextTokens, out double own) || !result.Details.TryGetValue(StrategyDetails.KeptTokens, out double left)) continue;
            whole += own;
            kept += left;
        }

        return whole > 0 ? kept / whole : null;
    }

    private static bool IsOnFront(StrategyStanding standing, StrategyStanding[] all)
    {
        // Who finds nothing at the least cost is on no front worth looking at.
        if (standing.Normalized is not > 0) return false;
        double own = standing.Normalized.Value;
        bool costs = all.All(other => other.Cost is not null);
        double spent = Spent(standing);
        return !all.Any(other => other.Normalized is { } theirs && ((theirs > own && Spent(other) <= spent) || (theirs >= own && Spent(other) < spent)));

        double Spent(StrategyStanding of) => costs ? (double)of.Cost!.Value : of.InputTokens ?? double.PositiveInfinity;
    }
}
