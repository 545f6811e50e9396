namespace LongContext.Checkpoints.Quantization;

/// <summary>
/// Which columns of a matrix share a scale, where a file says so column by column (g_idx, as quantising in the order of activations leaves it).
/// Columns are put in the order of their groups, so that groups lie side by side.
/// </summary>
internal static class ColumnGroups
{
    /// <summary>The column of each place: 0, 1, 2 …</summary>
    public static int[] InOrder(int columns) => [.. Enumerable.Range(0, columns)];

    /// <summary>The column of each place, by group and within a group in order; null where columns lie in that order already.</summary>
    /// <param name="groupOf">The group of each column.</param>
    /// <param name="groups">Number of groups.</param>
    /// <param name="groupSize">Columns of a group; the last may have fewer.</param>
    /// <param name="fault">What is wrong; null for nothing.</param>
    public static int[]? Arrange(ReadOnlySpan<int> groupOf, int groups, int groupSize, out string? fault)
    {
        fault = null;
        var counts = new int[groups];
        bool inOrder = true;
        for (int column = 0; column < groupOf.Length; column++)
        {
            int group = groupOf[column];
            if ((uint)group >= (uint)groups)
            {
                fault = $"says that column {column} is in group {group}, expected 0 to {groups - 1}";
                return null;
            }

            counts[group]++;
            inOrder &= group == column / groupSize;
        }

        for (int group = 0; group < groups; group++)
        {
            int expected = Math.Min(groupSize, groupOf.Length - (group * groupSize));
            if (counts[group] == expected) continue;
            fault = $"puts {counts[group]} columns into group {group}, expected {expected}";
            return null;
        }

        if (inOrder) return null;
        var next = new int[groups];
        for (int group = 1; group < groups; group++) next[group] = group * groupSize;
        var columns = new int[groupOf.Length];
        for (int column = 0; column < groupOf.Length; column++) columns[next[groupOf[column]]++] = column;
        return columns;
    }
}
