namespace LongContext.Benchmarks.Baselines;

/// <summary>First-fit decreasing as it is usually written: every item walks over all open bins.</summary>
internal static class PlainBinPacker
{
    public static List<List<int>> FirstFitDecreasing(int[] lengths, int capacity)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Length).OrderByDescending(i => lengths[i])];
        var bins = new List<List<int>>();
        var used = new List<int>();
        foreach (int item in order)
        {
            int bin = 0;
            while (bin < bins.Count && used[bin] + lengths[item] > capacity) bin++;
            if (bin == bins.Count)
            {
                bins.Add([]);
                used.Add(0);
            }

            bins[bin].Add(item);
            used[bin] += lengths[item];
        }

        return bins;
    }
}
