namespace LongContext.Tokenization.Patterns;

/// <summary>Puts a set together of ranges and sets: one set at the end, however many there are.</summary>
internal sealed class CodePointSetBuilder
{
    private readonly List<(int First, int Last)> _ranges = [];
    private readonly List<CodePointSet> _sets = [];

    /// <summary>The code points from the first to the last.</summary>
    public void Add(int first, int last) => _ranges.Add((first, last));

    public void Add(CodePointSet set) => _sets.Add(set);

    public CodePointSet Build()
    {
        if (_ranges.Count == 0 && _sets.Count == 1) return _sets[0];
        (int First, int Last)[] ranges = Merged();
        CodePointSet[] sets = [.. _sets];
        return new(codePoint => Holds(ranges, codePoint) || Array.Exists(sets, set => set.Contains(codePoint)));
    }

    /// <summary>Ascending, none of them touching another.</summary>
    private (int First, int Last)[] Merged()
    {
        var merged = new List<(int First, int Last)>();
        foreach ((int first, int last) in _ranges.Order())
        {
            if (merged.Count > 0 && first <= merged[^1].Last + 1) merged[^1] = (merged[^1].First, Math.Max(merged[^1].Last, last));
            else merged.Add((first, last));
        }

        return [.. merged];
    }

    private static bool Holds((int First, int Last)[] ranges, int codePoint)
    {
        int from = 0, to = ranges.Length;
        while (from < to)
        {
            int middle = (from + to) / 2;
            if (codePoint > ranges[middle].Last) from = middle + 1;
            else to = middle;
        }

        return from < ranges.Length && codePoint >= ranges[from].First;
    }
}
