namespace LongContext.Evaluation.Reports;

/// <summary>The worst answers of a run: the lowest scores first, and among equals from as many tasks and contenders as there are.</summary>
internal sealed class WorstItems(int most)
{
    // Of each task and contender no more are kept than can be shown: a run may have any number of failures.
    private readonly Dictionary<(Contender, string), List<(double Score, long Order, ItemResult Item)>> kept = [];
    private long order;

    public long Imperfect { get; private set; }

    /// <summary>Takes a scored item of a task whose scores are shares.</summary>
    public void Add(Contender contender, ItemResult item)
    {
        if (item.Score is not { } score || !(score < 1)) return;
        Imperfect++;
        (Contender, string) key = (contender, item.Task);
        if (!kept.TryGetValue(key, out List<(double Score, long Order, ItemResult Item)>? group)) kept.Add(key, group = []);
        (double, long, ItemResult) entry = (score, order++, item);
        if (group.Count == most && group[^1].Score <= score) return;
        int at = group.Count;
        while (at > 0 && group[at - 1].Score > score) at--;
        group.Insert(at, entry);
        if (group.Count > most) group.RemoveAt(most);
    }

    public IReadOnlyList<ItemResult> Items() =>
        [.. kept.Values
            .SelectMany(group => group.Select((entry, i) => (entry.Score, Rank: Rank(group, i), entry.Order, entry.Item)))
            .OrderBy(entry => entry.Score).ThenBy(entry => entry.Rank).ThenBy(entry => entry.Order)
            .Take(most).Select(entry => entry.Item)];

    /// <summary>How many of the group with the same score come before.</summary>
    private static int Rank(List<(double Score, long Order, ItemResult Item)> group, int i)
    {
        int rank = 0;
        while (rank < i && group[i - rank - 1].Score == group[i].Score) rank++;
        return rank;
    }
}
