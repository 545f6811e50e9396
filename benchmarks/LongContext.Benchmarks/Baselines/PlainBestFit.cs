namespace LongContext.Benchmarks.Baselines;

/// <summary>Best-fit decreasing document by document, as it is written where bins are kept in a list per remaining room.</summary>
internal static class PlainBestFit
{
    public static List<List<int>> Pack(int[] lengths, int capacity)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Length).OrderByDescending(i => lengths[i])];
        var bins = new List<List<int>>();
        var byRoom = new Stack<int>[capacity + 1];
        for (int room = 0; room <= capacity; room++) byRoom[room] = new Stack<int>();
        foreach (int item in order)
        {
            int room = lengths[item];
            while (room <= capacity && byRoom[room].Count == 0) room++;
            int bin = room <= capacity ? byRoom[room].Pop() : bins.Count;
            if (room > capacity)
            {
                bins.Add([]);
                room = capacity;
            }

            bins[bin].Add(item);
            byRoom[room - lengths[item]].Push(bin);
        }

        return bins;
    }
}
