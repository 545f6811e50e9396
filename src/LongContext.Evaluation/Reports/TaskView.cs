namespace LongContext.Evaluation.Reports;

/// <summary>One task of a report: its summaries by contender, its items gathered by length and by depth.</summary>
internal sealed class TaskView(string name)
{
    private readonly HashSet<Contender> contenders = [];
    private double least = double.PositiveInfinity;
    private double most = double.NegativeInfinity;

    public string Name { get; } = name;

    public Dictionary<Contender, TaskSummary> Summaries { get; } = [];

    /// <summary>Names of the official figures, in the order in which they come first.</summary>
    public List<string> FigureNames { get; } = [];

    public Dictionary<Contender, SortedDictionary<int, Tally>> ByLength { get; } = [];

    public Dictionary<Contender, Dictionary<(int Length, double Depth), Tally>> Grid { get; } = [];

    public bool LowerIsBetter { get; private set; }

    /// <summary>Whether strategies apply to it; if not, it was evaluated once.</summary>
    public bool UsesStrategies { get; private set; } = true;

    /// <summary>What a summary's mean is.</summary>
    public string MeanName => (Summaries.Values.Any(summary => summary.LengthMeans.Count > 0) ? "all items together" : "mean") + (LowerIsBetter ? ", lower is better" : "");

    /// <summary>Whether scores are from 0 to 1, the higher the better, and shown as of 100.</summary>
    public bool IsShare => !LowerIsBetter && least >= 0 && most <= 1;

    public IEnumerable<Contender> Contenders => Summaries.Keys.Union(contenders);

    /// <summary>What summaries are compared by: the mean over all items, so that nobody gains by leaving hard ones out.</summary>
    public double? Measure(TaskSummary summary) => IsShare && summary.Mean is not null ? summary.MeanOverAll : summary.Mean;

    public bool HasCurves => ByLength.Values.SelectMany(curve => curve.Keys).Distinct().Skip(1).Any();

    public void Add(TaskSummary summary)
    {
        LowerIsBetter |= summary.LowerIsBetter;
        UsesStrategies &= summary.UsesStrategies;
        // Of several runs of the same in one report the first is shown.
        Summaries.TryAdd(new Contender(summary.Model, summary.Strategy), summary);
        foreach (string figure in summary.Figures.Select(figure => figure.Name))
        {
            if (!FigureNames.Contains(figure)) FigureNames.Add(figure);
        }

        if (summary.Mean is { } mean) Widen(mean);
    }

    public void Add(Contender contender, ItemResult item)
    {
        contenders.Add(contender);
        if (item.Score is not { } score) return;
        Widen(score);
        if (item.Length is not { } length) return;
        Of(Of(ByLength, contender), length).Add(score);
        if (item.Depth is { } depth && double.IsFinite(depth)) Of(Of(Grid, contender), (length, depth)).Add(score);
    }

    private void Widen(double score)
    {
        if (double.IsNaN(score)) return;
        least = Math.Min(least, score);
        most = Math.Max(most, score);
    }

    private static TValue Of<TKey, TValue>(IDictionary<TKey, TValue> all, TKey key)
        where TValue : new()
    {
        if (!all.TryGetValue(key, out TValue? value)) all.Add(key, value = new TValue());
        return value;
    }
}
