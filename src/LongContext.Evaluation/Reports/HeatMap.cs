namespace LongContext.Evaluation.Reports;

/// <summary>Mean scores by depth and length: a row for each depth, a column for each length.</summary>
internal sealed class HeatMap
{
    /// <summary>More depths than this are gathered in tenths; RULER has forty, the usual needle test thirty-five.</summary>
    private const int MostDepths = 41;

    /// <summary>More lengths than this are gathered by doubling.</summary>
    private const int MostLengths = 41;

    private readonly Dictionary<(int, int), Tally> cells = [];

    public required string Task { get; init; }

    public required Contender Contender { get; init; }

    public required IReadOnlyList<string> Depths { get; init; }

    public required IReadOnlyList<string> Lengths { get; init; }

    public int CellCount => Depths.Count * Lengths.Count;

    public Tally? this[int depth, int length] => cells.GetValueOrDefault((depth, length));

    public IEnumerable<Tally> Cells => cells.Values;

    /// <summary>The task's maps, all with the same rows and columns, so that they can be laid side by side.</summary>
    public static IEnumerable<HeatMap> Of(TaskView task, IEnumerable<Contender> contenders)
    {
        (int Length, double Depth)[] places = [.. task.Grid.Values.SelectMany(grid => grid.Keys).Distinct()];
        if (places.Length == 0) yield break;
        Axis<double> depths = places.Select(place => place.Depth).Distinct().Count() <= MostDepths
            ? Axis<double>.Of(places.Select(place => place.Depth), depth => depth, ReportNumbers.Depth)
            : Axis<double>.Of(places.Select(place => place.Depth), depth => Math.Clamp(Math.Floor(depth * 10), 0, 9), tenth => ReportNumbers.Invariant($"{10 * tenth}–{(10 * tenth) + 10} %"));
        Axis<int> lengths = places.Select(place => place.Length).Distinct().Count() <= MostLengths
            ? Axis<int>.Of(places.Select(place => place.Length), length => length, ReportNumbers.Length)
            : Axis<int>.Of(places.Select(place => place.Length), length => length <= 0 ? 0 : int.Log2(length), power => $"≥ {ReportNumbers.Length(1 << power)}");
        foreach (Contender contender in contenders)
        {
            if (!task.Grid.TryGetValue(contender, out Dictionary<(int Length, double Depth), Tally>? grid)) continue;
            HeatMap map = new() { Task = task.Name, Contender = contender, Depths = depths.Names, Lengths = lengths.Names };
            foreach (((int length, double depth), Tally tally) in grid)
            {
                (int, int) at = (depths.IndexOf(depth), lengths.IndexOf(length));
                if (map.cells.TryGetValue(at, out Tally? there)) there.Add(tally);
                else map.cells[at] = tally.Copy();
            }

            yield return map;
        }
    }

    private sealed class Axis<T>(T[] keys, Func<T, T> keyOf, Func<T, string> name)
        where T : IComparable<T>
    {
        public IReadOnlyList<string> Names { get; } = [.. keys.Select(name)];

        public static Axis<T> Of(IEnumerable<T> values, Func<T, T> keyOf, Func<T, string> name) => new([.. values.Select(keyOf).Distinct().Order()], keyOf, name);

        public int IndexOf(T value) => Array.BinarySearch(keys, keyOf(value));
    }
}
