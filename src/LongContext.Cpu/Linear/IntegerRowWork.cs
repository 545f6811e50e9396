using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Few rows: codes are read where they lie; a tile is a block of outputs.</summary>
internal unsafe struct IntegerRowWork : ITileWork
{
    /// <summary>Bytes of codes in a tile; they stay in the second-level cache for further rows.</summary>
    private const long TileBytes = 64 << 10;

    private WeightMatrix weight;
    private byte* x;
    private long rowBytes;
    private int rows;
    private int block;
    private LinearResult result;

    /// <summary>Computes all outputs.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* x, long xStride, int rows, LinearResult result)
    {
        long rowBytes = RoundedRow.Size(weight.Inputs);
        byte* rounded = team.SharedScratch(rows * rowBytes);
        for (int row = 0; row < rows; row++) RoundedRow.Pack(x + (row * xStride), weight.Inputs, rounded + (row * rowBytes));
        int block = DirectWork.Block(team, weight.Outputs, weight.RowBytes, TileBytes);
        var work = new IntegerRowWork { weight = weight, x = rounded, rowBytes = rowBytes, rows = rows, block = block, result = result };
        team.Run(ref work, (int)(((long)weight.Outputs + block - 1) / block), inShares: true);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int first = tile * block, end = Math.Min(first + block, weight.Outputs);
        float* sums = stackalloc float[4];
        for (int row = 0; row < rows; row++)
        {
            byte* ahead = (byte*)weight.Codes + (first * weight.RowBytes) + DirectWork.Ahead(weight.RowBytes);
            for (int output = first; output < end; output += 4, ahead += 4 * weight.RowBytes)
            {
                IntegerRow.Rows1(x + (row * rowBytes), weight, output, sums, ahead);
                result.Write(sums, row, 1, output, weight.Outputs);
            }
        }
    }
}
