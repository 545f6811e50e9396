namespace LongContext.Generation.Running;

/// <summary>Which pages hold a sequence's keys and values: for each group the page numbers in the order of its tokens. Grows without allocating once it has its size.</summary>
internal sealed class SequencePages(int groupCount)
{
    private readonly int[][] pages = [.. Enumerable.Range(0, groupCount).Select(_ => Array.Empty<int>())];
    private readonly int[] counts = new int[groupCount];

    /// <summary>Number of groups.</summary>
    public int GroupCount => pages.Length;

    /// <summary>By index of the page in the sequence (token position / page tokens); -1 where it was forgotten, as before a window.</summary>
    public ReadOnlySpan<int> Of(int group) => pages[group].AsSpan(0, counts[group]);

    /// <summary>Adds the next page of the sequence.</summary>
    public void Add(int group, int page)
    {
        if (counts[group] == pages[group].Length) Array.Resize(ref pages[group], Math.Max(16, counts[group] * 2));
        pages[group][counts[group]++] = page;
    }

    /// <summary>Puts another number, or -1, in a page's place.</summary>
    public void Set(int group, int index, int page) => pages[group].AsSpan(0, counts[group])[index] = page;

    /// <summary>Drops the pages from an index on.</summary>
    public void Truncate(int group, int count) => counts[group] = Math.Min(count, counts[group]);
}
