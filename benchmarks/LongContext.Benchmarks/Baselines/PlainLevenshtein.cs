namespace LongContext.Benchmarks.Baselines;

/// <summary>The textbook's distance: one cell after the other, two rows of them (Wagner and Fischer 1974).</summary>
internal static class PlainLevenshtein
{
    public static int Distance(string first, string second)
    {
        var above = new int[second.Length + 1];
        var row = new int[second.Length + 1];
        for (int j = 0; j <= second.Length; j++) above[j] = j;
        for (int i = 1; i <= first.Length; i++)
        {
            row[0] = i;
            for (int j = 1; j <= second.Length; j++)
            {
                int replaced = above[j - 1] + (first[i - 1] == second[j - 1] ? 0 : 1);
                row[j] = Math.Min(replaced, Math.Min(above[j], row[j - 1]) + 1);
            }

            (above, row) = (row, above);
        }

        return above[second.Length];
    }
}
