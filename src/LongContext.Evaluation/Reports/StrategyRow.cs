namespace LongContext.Evaluation.Reports;

/// <summary>A model with a strategy, held against the same model with the report's first strategy, item by item, and against its best (<see cref="StrategyComparison"/>).</summary>
internal sealed record StrategyRow(Contender Contender, double? Mean, StrategyStanding? Standing, double? Difference, ConfidenceInterval? Interval, string Counts, string InputTokens, string Time, string Cost)
{
    public static IEnumerable<StrategyRow> Of(ReportView view)
    {
        string first = view.ComparedStrategies[0];
        Dictionary<string, TaskView> tasks = view.Tasks.ToDictionary(task => task.Name, StringComparer.Ordinal);
        Dictionary<(string, string, string), double> baseline = [];
        foreach (ItemResult item in view.Report.Items)
        {
            if (item.Strategy == first && item.Score is { } score) baseline.TryAdd((item.Model, item.Task, item.Item), score);
        }

        Dictionary<Contender, Paired> pairs = [];
        foreach (ItemResult item in view.Report.Items)
        {
            if (item.Strategy == first || item.Score is not { } score || !baseline.TryGetValue((item.Model, item.Task, item.Item), out double other)) continue;
            Contender contender = new(item.Model, item.Strategy);
            if (!pairs.TryGetValue(contender, out Paired? pair)) pairs.Add(contender, pair = new Paired());
            pair.Add(tasks[item.Task], score - other);
        }

        Dictionary<Contender, StrategyStanding> standings = StrategyComparison.Of(view.Report).Standings.ToDictionary(standing => new Contender(standing.Model, standing.Strategy));
        foreach (ContenderTotals total in view.Totals.Where(total => standings.ContainsKey(total.Contender)))
        {
            ContenderTotals? from = view.Totals.FirstOrDefault(other => other.Contender == total.Contender with { Strategy = first });
            bool isFirst = total.Contender.Strategy == first;
            (double Mean, ConfidenceInterval? Interval)? difference = null;
            Paired? pair = pairs.GetValueOrDefault(total.Contender);
            if (pair is { Differences.Count: > 0 }) difference = Tally.OfMeans([.. pair.Differences.Values]);
            yield return new StrategyRow(
                total.Contender,
                total.Mean,
                standings.GetValueOrDefault(total.Contender),
                100 * difference?.Mean,
                difference?.Interval is { } interval ? new ConfidenceInterval(100 * interval.Low, 100 * interval.High, interval.Level) : null,
                pair is null ? ReportNumbers.None : $"{ReportNumbers.Count(pair.Better)} / {ReportNumbers.Count(pair.Same)} / {ReportNumbers.Count(pair.Worse)}",
                isFirst || from is null ? ReportNumbers.Tokens(total.InputTokens) : ReportNumbers.Ratio(total.InputTokens, from.InputTokens),
                isFirst || from is null ? ReportNumbers.Time(total.Duration) : ReportNumbers.Ratio(total.Duration.TotalSeconds, from.Duration.TotalSeconds),
                isFirst || from is null || total.Cost is null ? ReportNumbers.Cost(total.Cost, view.Report.Currency) : ReportNumbers.Ratio((double)total.Cost.Value, (double)(from.Cost ?? 0)));
        }
    }

    private sealed class Paired
    {
        /// <summary>Of tasks whose scores are shares: only those add up.</summary>
        public Dictionary<string, Tally> Differences { get; } = new(StringComparer.Ordinal);

        public long Better { get; private set; }

        public long Same { get; private set; }

        public long Worse { get; private set; }

        public void Add(TaskView task, double difference)
        {
            if (double.IsNaN(difference) || difference == 0) Same++;
            else if (difference > 0 != task.LowerIsBetter) Better++;
            else Worse++;
            if (!task.IsShare) return;
            if (!Differences.TryGetValue(task.Name, out Tally? tally)) Differences.Add(task.Name, tally = new Tally());
            tally.Add(difference);
        }
    }
}
