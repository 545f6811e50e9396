using LongContext.Evaluation.Reports;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>What RULER reports of a model over all its tasks: the average at each length, averages over lengths, and the effective length.</summary>
/// <remarks>
/// The columns of the table in NVIDIA/RULER's README: Avg. is the plain mean over lengths; wAvg. (inc) weighs the shortest length by 1, the next by 2 and so on, for use at long
/// lengths; wAvg. (dec) the other way round. The effective length is the longest up to which every average exceeds Llama-2-7B's at 4K, 85.6: exceeds, as the paper has it, so that 85.6 itself is
/// not enough. All figures are in RULER's own unit, 0 to 100.
/// </remarks>
public sealed record RulerSummary
{
    /// <summary>The average that a model must exceed at a length, 0 to 100: Llama-2-7B's at 4,096 tokens.</summary>
    public const double Llama2Percentage = 85.6;

    private RulerSummary(string model, string strategy, IReadOnlyList<RulerLengthScore> lengths, double threshold)
    {
        Model = model;
        Strategy = strategy;
        Lengths = lengths;
        ThresholdPercentage = threshold;
        Average = Weighted(_ => 1);
        IncreasingAverage = Weighted(i => i + 1);
        DecreasingAverage = Weighted(i => lengths.Count - i);
        TaskCount = lengths.SelectMany(length => length.Scores.Keys).Distinct().Count();
        EffectiveLength = lengths.TakeWhile(length => length.Average > threshold && length.Scores.Count == TaskCount).LastOrDefault()?.Length;
    }

    /// <summary>The model's name.</summary>
    public string Model { get; }

    /// <summary>The strategy's name.</summary>
    public string Strategy { get; }

    /// <summary>The lengths from the shortest to the longest.</summary>
    public IReadOnlyList<RulerLengthScore> Lengths { get; }

    /// <summary>What an average must exceed for <see cref="EffectiveLength"/>, 0 to 100.</summary>
    public double ThresholdPercentage { get; }

    /// <summary>The mean of the lengths' averages, 0 to 100.</summary>
    public double Average { get; }

    /// <summary>The mean of the lengths' averages with weights 1, 2, 3 and so on from the shortest: wAvg. (inc).</summary>
    public double IncreasingAverage { get; }

    /// <summary>The mean of the lengths' averages with weights 1, 2, 3 and so on from the longest: wAvg. (dec).</summary>
    public double DecreasingAverage { get; }

    /// <summary>Tasks that have a score at any of the lengths.</summary>
    public int TaskCount { get; }

    /// <summary>
    /// The longest length such that its average and those of all shorter ones exceed <see cref="ThresholdPercentage"/> and are of all the tasks that have a score anywhere
    /// (<see cref="TaskCount"/>): the average of the easier ones alone says nothing of the length. Null where the shortest length's does not, or lacks a task.
    /// </summary>
    public int? EffectiveLength { get; }

    /// <summary>
    /// Whether the items are enough to believe <see cref="EffectiveLength"/>: the intervals (<see cref="RulerLengthScore.Interval"/>) of all averages up to it lie above the threshold, and that of the next length, where
    /// there is one, not above. Where there is no such length, whether the shortest length's interval lies not above the threshold.
    /// </summary>
    /// <remarks>A few items at each length cannot tell: two right ones of two leave open every mean above a third. <see cref="EffectiveContext"/> asks as many as it takes.</remarks>
    public bool IsEffectiveLengthSure
    {
        get
        {
            int passed = EffectiveLength is { } effective ? Lengths.Count(length => length.Length <= effective) : 0;
            if (!Lengths.Take(passed).All(length => length.Interval is { } interval && interval.Low > ThresholdPercentage)) return false;
            if (passed == Lengths.Count) return true;
            // A length that lacks tasks ends the search whatever its average is.
            return Lengths[passed] is var next && (next.Scores.Count < TaskCount || (next.Interval is { } interval && interval.High <= ThresholdPercentage));
        }
    }

    /// <summary>Summaries of results, one for each model and strategy that has some of RULER's tasks, in the order they come in.</summary>
    /// <param name="results">Results, for example <see cref="EvaluationReport.Items"/>; those of other tasks and those without a score are passed over.</param>
    /// <param name="thresholdPercentage">What an average must exceed: above 1, at most 100. Default: <see cref="Llama2Percentage"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A threshold outside that range, such as a share.</exception>
    /// <remarks>An average is over the tasks that have a score at that length: <see cref="RulerLengthScore.Scores"/> shows which.</remarks>
    public static IReadOnlyList<RulerSummary> Create(IEnumerable<ItemResult> results, double thresholdPercentage = Llama2Percentage)
    {
        ArgumentNullException.ThrowIfNull(results);
        // 0.856 would be taken for less than one per cent, which every model exceeds.
        if (!(thresholdPercentage is > 1 and <= 100)) throw new ArgumentOutOfRangeException(nameof(thresholdPercentage), thresholdPercentage, "Expected per cent, above 1 and at most 100.");
        return
        [
            .. results.Where(result => result.Task.StartsWith(RulerTask.Prefix, StringComparison.Ordinal) && result is { Score: not null, Length: not null })
                .GroupBy(result => (result.Model, result.Strategy))
                .Select(group => new RulerSummary(group.Key.Model, group.Key.Strategy, [.. group.GroupBy(result => result.Length!.Value).OrderBy(length => length.Key).Select(Score)], thresholdPercentage)),
        ];
    }

    private static RulerLengthScore Score(IGrouping<int, ItemResult> length)
    {
        Dictionary<string, double> scores = length.GroupBy(result => result.Task).ToDictionary(
            task => task.Key[RulerTask.Prefix.Length..], task => RulerTask.Percentage([.. task.Select(result => result.Score!.Value)]));
        return new RulerLengthScore(length.Key, scores.Values.Average(), scores) { Interval = IntervalOf(length) };
    }

    private static ConfidenceInterval? IntervalOf(IEnumerable<ItemResult> results)
    {
        Dictionary<string, Tally> tallies = new(StringComparer.Ordinal);
        foreach (ItemResult result in results)
        {
            if (!tallies.TryGetValue(result.Task, out Tally? tally)) tallies.Add(result.Task, tally = new Tally());
            tally.Add(result.Score!.Value);
        }

        return Tally.OfMeans([.. tallies.Values]).Interval is { } interval ? interval with { Low = Math.Max(0, 100 * interval.Low), High = Math.Min(100, 100 * interval.High) } : null;
    }

    private double Weighted(Func<int, double> weight) =>
        Lengths.Select((length, i) => length.Average * weight(i)).Sum() / Lengths.Select((_, i) => weight(i)).Sum();
}
