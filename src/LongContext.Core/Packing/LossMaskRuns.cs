namespace LongContext.Packing;

/// <summary>A loss mask as the lengths of its runs, by turns false and true, beginning with false (which may be of length 0).</summary>
internal static class LossMaskRuns
{
    public static void Append(List<int> runs, ReadOnlySpan<bool> mask)
    {
        bool value = false;
        for (; !mask.IsEmpty; value = !value)
        {
            int run = mask.IndexOf(!value);
            if (run < 0) run = mask.Length;
            runs.Add(run);
            mask = mask[run..];
        }
    }

    /// <summary>Fills the mask; false where the runs are not those of a mask of that length.</summary>
    public static bool TryExpand(ReadOnlySpan<int> runs, Span<bool> mask)
    {
        bool value = false;
        foreach (int run in runs)
        {
            if (run < 0 || run > mask.Length) return false;
            mask[..run].Fill(value);
            mask = mask[run..];
            value = !value;
        }

        return mask.IsEmpty;
    }
}
