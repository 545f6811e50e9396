using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>One row of x against 4-bit codes; a tile is a block of outputs.</summary>
internal static unsafe class NibbleWork
{
    /// <summary>Whether this can be used for a matrix.</summary>
    public static bool Takes(in WeightMatrix weight) => NibbleTile.IsSupported && weight.Format is WeightFormat.Int4 or WeightFormat.Nf4 && NibbleLanes.Fit(weight);

    /// <summary>Computes all outputs.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* x, LinearResult result)
    {
        var ordered = (float*)team.SharedScratch((long)weight.Inputs * sizeof(float));
        NibbleTile.Order(x, weight.Inputs, ordered);
        if (weight.Format == WeightFormat.Nf4) NibbleWork<NormalTable>.Start(team, weight, ordered, result);
        else if (weight.Zeros == 0) NibbleWork<SymmetricTable>.Start(team, weight, ordered, result);
        else NibbleWork<ZeroedTable>.Start(team, weight, ordered, result);
    }
}

/// <summary>The same for one kind of table.</summary>
internal unsafe struct NibbleWork<TTable> : ITileWork
    where TTable : struct, INibbleTable
{
    /// <summary>Bytes of codes in a tile.</summary>
    private const long TileBytes = 64 << 10;

    private WeightMatrix weight;
    private float* x;
    private int block;
    private LinearResult result;

    /// <summary>Computes all outputs.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* ordered, LinearResult result)
    {
        int block = DirectWork.Block(team, weight.Outputs, weight.RowBytes, TileBytes);
        var work = new NibbleWork<TTable> { weight = weight, x = ordered, block = block, result = result };
        team.Run(ref work, (int)(((long)weight.Outputs + block - 1) / block), inShares: true);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int first = tile * block, end = Math.Min(first + block, weight.Outputs);
        int size = NibbleLanes.GroupSize(weight);
        nint groups = weight.Inputs / size;
        float* sums = stackalloc float[4];
        byte** codes = stackalloc byte*[4];
        nint* at = stackalloc nint[4];
        for (int output = first; output < end; output += 4)
        {
            for (int i = 0; i < 4; i++)
            {
                int row = Math.Min(output + i, weight.Outputs - 1);
                codes[i] = (byte*)weight.Codes + (row * weight.RowBytes);
                at[i] = row * groups;
            }

            NibbleTile.Rows1<TTable>(x, codes, (float*)weight.Scales, (byte*)weight.Zeros, at, groups, size / 16, sums, codes[0] + DirectWork.Ahead(weight.RowBytes));
            result.Write(sums, 0, 1, output, weight.Outputs);
        }
    }
}
