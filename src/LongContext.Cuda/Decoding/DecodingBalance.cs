namespace LongContext.Cuda.Decoding;

/// <summary>Chooses how many splits each sequence gets, by what the blocks would take in list order. Pure.</summary>
/// <remarks>
/// Time is counted in tiles: what a place (a multiprocessor runs a few blocks, each has a place) needs to read one tile's keys and values when all are busy.
/// A block takes its tiles, a start (its first copies are under way and nothing else), and where a sequence has several splits the writing and reading
/// again of its partial results. All sequences are cut into pieces of about one size, and the sizes are tried.
/// </remarks>
/// <param name="shape">The step's shape.</param>
/// <param name="places">Blocks that run at a time.</param>
internal sealed class DecodingBalance(DecodingShape shape, int places)
{
    /// <summary>Latency of the first copies and of the end, against a tile's 2 to 3 microseconds at full bandwidth.</summary>
    private const double StartTiles = 0.75;

    /// <summary>The second launch, and what each further split adds to it.</summary>
    private const double CombineTiles = 1, CombineTilesPerSplit = 0.02;

    private readonly int blocksPerItem = shape.KeyHeads * shape.RowBlocks;

    private readonly double partialTiles =
        2.0 * 4 * shape.HeadSize * Math.Min(shape.Rows, 16 * shape.RowWarps) / DecodingTile.Bytes(shape.HeadSize);

    /// <summary>Tiles of one split of a sequence: as even as can be, the first ones one more.</summary>
    public static int SplitTiles(int tiles, int splits, int split) => (tiles / splits) + (split < tiles % splits ? 1 : 0);

    /// <summary>The splits of each sequence that take the least time, and of those that take the same the fewest.</summary>
    /// <param name="tiles">Tiles of each sequence.</param>
    /// <param name="capacity">Most splits in all; at least one for each sequence.</param>
    public int[] Choose(ReadOnlySpan<int> tiles, int capacity)
    {
        var best = new int[tiles.Length];
        Array.Fill(best, 1);
        if (tiles.Length == 0) return best;
        var candidate = new int[tiles.Length];
        double bestTime = Makespan(tiles, best);
        int longest = 0;
        foreach (int count in tiles) longest = Math.Max(longest, count);
        int before = longest;
        for (int pieces = 2; pieces <= longest; pieces++)
        {
            int size = (longest + pieces - 1) / pieces;
            if (size == before) continue;
            before = size;
            long items = 0;
            for (int i = 0; i < tiles.Length; i++)
            {
                candidate[i] = Math.Max(1, (tiles[i] + size - 1) / size);
                items += candidate[i];
            }

            // Four waves balance whatever can be balanced; more only starts more blocks.
            if (items > capacity || (items * blocksPerItem > 4L * places && pieces > 2)) break;
            double time = Makespan(tiles, candidate);
            if (time >= bestTime) continue;
            bestTime = time;
            candidate.CopyTo(best, 0);
        }

        return best;
    }

    /// <summary>All work, spread evenly and without any start, over the time that these splits take.</summary>
    public double Efficiency(ReadOnlySpan<int> tiles, ReadOnlySpan<int> splits)
    {
        long total = 0;
        foreach (int count in tiles) total += count;
        double time = Makespan(tiles, splits);
        return time == 0 ? 1 : total * blocksPerItem / (places * time);
    }

    /// <summary>When the last block ends: the longest first, each to the place that is free first.</summary>
    private double Makespan(ReadOnlySpan<int> tiles, ReadOnlySpan<int> splits)
    {
        var times = new List<double>();
        int most = 1;
        for (int i = 0; i < tiles.Length; i++)
        {
            most = Math.Max(most, splits[i]);
            for (int split = 0; split < splits[i]; split++)
            {
                times.Add(StartTiles + SplitTiles(tiles[i], splits[i], split) + (splits[i] > 1 ? partialTiles : 0));
            }
        }

        times.Sort();
        var ends = new PriorityQueue<double, double>(places);
        double last = 0;
        for (int i = times.Count - 1; i >= 0; i--)
        {
            for (int block = 0; block < blocksPerItem; block++)
            {
                double end = times[i] + (ends.Count < places ? 0 : ends.Dequeue());
                ends.Enqueue(end, end);
                last = Math.Max(last, end);
            }
        }

        return last + (most > 1 ? CombineTiles + (most * CombineTilesPerSplit) : 0);
    }
}
