namespace LongContext.Evaluation.Reports;

/// <summary>
/// A model with a strategy, held against the same model with the report's first strategy, on the items that both answered, and against its best (<see cref="StrategyComparison"/>). The first
/// strategy's own row has all items that it answered.
/// </summary>
internal sealed record StrategyRow(
    Contender Contender, long Items, double? Mean, StrategyStanding? Standing, double? Difference, ConfidenceInterval? Interval, string Counts, string InputTokens, string Time, string Cost)
{
    public static IEnumerable<StrategyRow> Of(ReportView view)
    {
        string first = view.ComparedStrategies[0];
        Dictionary<string, TaskView> tasks = view.Tasks.Where(task => task.UsesStrategies).ToDictionary(task => task.Name, StringComparer.Ordinal);
        Dictionary<(string, string, string), ItemResult> baseline = [];
        foreach (ItemResult item in view.Report.Items)
        {
            if (item.Strategy == first && item.Score is not null) baseline.TryAdd((item.Model, item.Task, item.Item), item);
        }

        Dictionary<Contender, Paired> pairs = [];
        foreach (ItemResult item in view.Report.Items)
        {
            if (item.Score is null || !tasks.TryGetValue(item.Task, out TaskView? task) || !baseline.TryGetValue((item.Model, item.Task, item.Item), out ItemResult? other)) continue;
            Contender contender = new(item.Model, item.Strategy);
            if (!pairs.TryGetValue(contender, out Paired? pair)) pairs.Add(contender, pair = new Paired());
            pair.Add(task, item, other);
        }

        Dictionary<Contender, StrategyStanding> standings = StrategyComparison.Of(view.Report).Standings.ToDictionary(standing => new Contender(standing.Model, standing.Strategy));
        foreach (Contender contender in view.Contenders.Where(standings.ContainsKey))
        {
            Paired pair = pairs.GetValueOrDefault(contender) ?? new Paired();
            yield return contender.Strategy == first ? pair.Own(contender, standings[contender], view.Report.Currency) : pair.Against(contender, standings[contender], view.Report.Currency);
        }
    }

    /// <summary>Items that two strategies answered.</summary>
    private sealed class Paired
    {
        // Of tasks whose scores are shares: only those add up.
        private readonly Dictionary<string, Tally> scores = new(StringComparer.Ordinal), differences = new(StringComparer.Ordinal);
        private long items, better, same, worse, tokens, theirTokens;
        private TimeSpan time, theirTime;
        private decimal? cost = 0, theirCost = 0;

        private double? Mean => scores.Count == 0 ? null : scores.Values.Average(tally => tally.Mean);

        public void Add(TaskView task, ItemResult item, ItemResult other)
        {
            items++;
            tokens += item.InputTokens;
            theirTokens += other.InputTokens;
            time += item.Duration;
            theirTime += other.Duration;
            cost += item.Cost;
            theirCost += other.Cost;
            double difference = item.Score!.Value - other.Score!.Value;
            if (double.IsNaN(difference) || difference == 0) same++;
            else if (difference > 0 != task.LowerIsBetter) better++;
            else worse++;
            if (!task.IsShare) return;
            Of(scores, task).Add(item.Score.Value);
            Of(differences, task).Add(difference);
        }

        public StrategyRow Own(Contender contender, StrategyStanding standing, string? currency) => new(
            contender, items, Mean, standing, null, null, ReportNumbers.None, ReportNumbers.Tokens(tokens), ReportNumbers.Time(time), ReportNumbers.Cost(items == 0 ? null : cost, currency));

        public StrategyRow Against(Contender contender, StrategyStanding standing, string? currency)
        {
            (double Mean, ConfidenceInterval? Interval)? difference = differences.Count == 0 ? null : Tally.OfMeans([.. differences.Values], areDifferences: true);
            return new StrategyRow(
                contender,
                items,
                Mean,
                standing,
                100 * difference?.Mean,
                difference?.Interval is { } interval ? new ConfidenceInterval(100 * interval.Low, 100 * interval.High, interval.Level) : null,
                items == 0 ? ReportNumbers.None : $"{ReportNumbers.Count(better)} / {ReportNumbers.Count(same)} / {ReportNumbers.Count(worse)}",
                ReportNumbers.Ratio(tokens, theirTokens),
                ReportNumbers.Ratio(time.TotalSeconds, theirTime.TotalSeconds),
                cost is { } own && items > 0 ? (theirCost is { } theirs and > 0 ? ReportNumbers.Ratio((double)own, (double)theirs) : ReportNumbers.Cost(own, currency)) : ReportNumbers.None);
        }

        private static Tally Of(Dictionary<string, Tally> tallies, TaskView task)
        {
            if (!tallies.TryGetValue(task.Name, out Tally? tally)) tallies.Add(task.Name, tally = new Tally());
            return tally;
        }
    }
}
