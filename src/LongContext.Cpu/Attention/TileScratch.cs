namespace LongContext.Cpu.Attention;

/// <summary>A worker's memory for one tile of rows.</summary>
internal readonly unsafe struct TileScratch
{
    /// <summary>Keys that are widened together.</summary>
    public const int UnitKeys = 64;

    /// <summary>[views, rows, head]: queries, scaled; rotated where there are views.</summary>
    public readonly float* Queries;

    /// <summary>[rows, key elements]: queries as integers, pairs of int16; of a format of pairs.</summary>
    public readonly short* QueryCodes;

    /// <summary>[rows]: their scales.</summary>
    public readonly float* QueryScales;

    /// <summary>[rows, BlockKeys]: scores, then weights; int32 while they are sums of integers.</summary>
    public readonly float* Scores;

    /// <summary>[rows, BlockKeys]: weights as int16; of a format of pairs.</summary>
    public readonly short* WeightCodes;

    /// <summary>[rows]: their scales.</summary>
    public readonly float* WeightScales;

    /// <summary>[rows, padded head]: the block's output as int32; of a format of pairs.</summary>
    public readonly int* BlockOutput;

    /// <summary>[rows, BlockKeys]: scores of one view.</summary>
    public readonly float* ViewScores;

    /// <summary>[rows, padded head]: the partition's output so far, not normalised.</summary>
    public readonly float* Output;

    /// <summary>[rows, padded head]: the merged output.</summary>
    public readonly float* MergedOutput;

    /// <summary>[rows]: the largest score of the partition so far.</summary>
    public readonly float* Maximum;

    /// <summary>[rows]: the sum of the partition's weights so far; 0 where no key was seen.</summary>
    public readonly float* Sum;

    /// <summary>[rows]: as <see cref="Maximum"/>, merged.</summary>
    public readonly float* MergedMaximum;

    /// <summary>[rows]: as <see cref="Sum"/>, merged.</summary>
    public readonly float* MergedSum;

    /// <summary>[UnitKeys, padded head]: keys or values as float32.</summary>
    public readonly float* Unit;

    /// <summary>[BlockKeys]: the keys' scales.</summary>
    public readonly float* KeyScales;

    /// <summary>[BlockKeys]: the values' scales.</summary>
    public readonly float* ValueScales;

    /// <summary>[2, half, 16]: cosines and sines of 16 keys.</summary>
    public readonly float* Rotations;

    /// <summary>[rows]: first visible key of the block.</summary>
    public readonly int* Starts;

    /// <summary>[rows]: one past the last visible key of the block; equal to the start where there is none.</summary>
    public readonly int* Ends;

    /// <summary>Lays everything out from an address on; from 0 it tells the size.</summary>
    public TileScratch(byte* memory, in AttentionJob job, out long bytes)
    {
        long rows = job.TileQueries * job.Group, head = job.Layout.HeadSize, padded = job.Layout.PaddedHeadSize;
        int views = job.ViewCapacity;
        byte* next = memory;
        Queries = Take(ref next, Math.Max(1, views) * rows * head);
        Scores = Take(ref next, rows * AttentionJob.BlockKeys);
        if (job.Layout.Neighbours == 2)
        {
            QueryCodes = (short*)Take(ref next, rows * job.Layout.KeyElements);
            QueryScales = Take(ref next, rows);
            WeightCodes = (short*)Take(ref next, rows * (AttentionJob.BlockKeys / 2));
            WeightScales = Take(ref next, rows);
            BlockOutput = (int*)Take(ref next, rows * padded);
        }

        ViewScores = Take(ref next, views > 0 ? rows * AttentionJob.BlockKeys : 0);
        Output = Take(ref next, rows * padded);
        MergedOutput = Take(ref next, rows * padded);
        Maximum = Take(ref next, rows);
        Sum = Take(ref next, rows);
        MergedMaximum = Take(ref next, rows);
        MergedSum = Take(ref next, rows);
        Unit = Take(ref next, UnitKeys * padded);
        KeyScales = Take(ref next, AttentionJob.BlockKeys);
        ValueScales = Take(ref next, AttentionJob.BlockKeys);
        Rotations = Take(ref next, views > 0 ? head * CacheLayout.LaneTokens : 0);
        Starts = (int*)Take(ref next, rows);
        Ends = (int*)Take(ref next, rows);
        bytes = next - memory;
    }

    private static float* Take(ref byte* next, long count)
    {
        var taken = (float*)next;
        next += ((count * sizeof(float)) + 63) & ~63L;
        return taken;
    }
}
