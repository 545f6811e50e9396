namespace LongContext.Evaluation.Reports;

/// <summary>Scores by item, so that contenders are compared on the items that both were asked.</summary>
/// <remarks>
/// An item that failed, or whose answer no judge rated, is in no comparison: a server's fault says nothing of a model. One that is too long for one of two contenders counts 0 for that one, where higher scores are
/// better: it does not reach as far. One that is too long for both is left out.
/// </remarks>
internal sealed class PairedScores
{
    // NaN stands for too long.
    private readonly Dictionary<(string Task, Contender Contender), Dictionary<string, double>> scores = [];

    public static PairedScores Of(IEnumerable<ItemResult> items)
    {
        PairedScores paired = new();
        foreach (ItemResult item in items)
        {
            double? score = item.Status switch { ItemStatus.Scored => item.Score, ItemStatus.TooLong => double.NaN, _ => null };
            if (score is not { } known || (item.Status == ItemStatus.Scored && !double.IsFinite(known))) continue;
            (string, Contender) key = (item.Task, new Contender(item.Model, item.Strategy));
            if (!paired.scores.TryGetValue(key, out Dictionary<string, double>? own)) paired.scores.Add(key, own = new Dictionary<string, double>(StringComparer.Ordinal));
            own.TryAdd(item.Item, known);
        }

        return paired;
    }

    /// <summary>Whether a contender has an item of a task to compare.</summary>
    public bool Has(string task, Contender contender) => scores.ContainsKey((task, contender));

    /// <summary>The mean of a contender's items, those too long as 0 where higher scores are better.</summary>
    public double MeanOf(string task, Contender contender, bool lowerIsBetter) =>
        scores[(task, contender)].Values.Where(score => !lowerIsBetter || !double.IsNaN(score)).Select(score => double.IsNaN(score) ? 0 : score).DefaultIfEmpty(double.NaN).Average();

    /// <summary>A task's pairs, each contender's score of the same item, in the items' order.</summary>
    public IEnumerable<(double First, double Second)> Pairs(string task, Contender first, Contender second, bool lowerIsBetter)
    {
        if (!scores.TryGetValue((task, first), out Dictionary<string, double>? own) || !scores.TryGetValue((task, second), out Dictionary<string, double>? others)) yield break;
        foreach ((string item, double score) in own)
        {
            if (!others.TryGetValue(item, out double other)) continue;
            if (double.IsNaN(score) ? lowerIsBetter || double.IsNaN(other) : lowerIsBetter && double.IsNaN(other)) continue;
            yield return (double.IsNaN(score) ? 0 : score, double.IsNaN(other) ? 0 : other);
        }
    }

    /// <summary>The differences of a task's pairs.</summary>
    /// <param name="task">The task.</param>
    /// <param name="first">Whose scores.</param>
    /// <param name="second">Less whose.</param>
    /// <param name="logarithms">Whether of the scores' logarithms, which are those of ratios; pairs with a score of 0 or less are then left out.</param>
    public Tally Differences(TaskView task, Contender first, Contender second, bool logarithms = false)
    {
        Tally tally = new();
        foreach ((double own, double other) in Pairs(task.Name, first, second, task.LowerIsBetter))
        {
            if (!logarithms) tally.Add(own - other);
            else if (own > 0 && other > 0) tally.Add(Math.Log(own / other));
        }

        return tally;
    }
}
