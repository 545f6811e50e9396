using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Few rows: the weights are read where they lie, once, and widened in registers.</summary>
internal static unsafe class DirectWork
{
    /// <summary>Rows up to which reading weights directly is faster than widening them first.</summary>
    public static int MostRows(WeightFormat format) => format switch
    {
        WeightFormat.Float32 or WeightFormat.BFloat16 => 6,
        WeightFormat.Float16 or WeightFormat.Int8 or WeightFormat.Float8 => 6,
        _ => 0,
    };

    /// <summary>Whether the matrix has whole sixteens.</summary>
    public static bool Takes(in WeightMatrix weight) => weight.Inputs % 16 == 0;

    /// <summary>Outputs of a tile: about so many bytes of weights, and two tiles for each worker where the matrix is small.</summary>
    public static int Block(CpuTeam team, int outputs, long rowBytes, long tileBytes)
    {
        long block = Math.Clamp(tileBytes / Math.Max(1, rowBytes), 8, 1 << 20) / 8 * 8;
        long share = (outputs + (2L * team.Workers) - 1) / (2L * team.Workers);
        return (int)Math.Min(block, Math.Max(8, (share + 7) / 8 * 8));
    }

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        if (weight.HasRowScales) result.Scales = (float*)weight.Scales;
        switch (weight.Format)
        {
            case WeightFormat.Float32: DirectWork<Float32Loader>.Start(team, weight, packed, rows, result); break;
            case WeightFormat.BFloat16: DirectWork<BFloat16Loader>.Start(team, weight, packed, rows, result); break;
            case WeightFormat.Float16: DirectWork<Float16Loader>.Start(team, weight, packed, rows, result); break;
            case WeightFormat.Int8: DirectWork<Int8Loader>.Start(team, weight, packed, rows, result); break;
            case WeightFormat.Float8: DirectWork<Float8Loader>.Start(team, weight, packed, rows, result); break;
            default: throw new InvalidOperationException($"{weight.Format}");
        }
    }
}

/// <summary>Few rows against weights of one format; a tile is a block of outputs.</summary>
internal unsafe struct DirectWork<TLoader> : ITileWork
    where TLoader : struct, ILaneLoader
{
    /// <summary>Bytes of weights in a tile: a few microseconds of reading.</summary>
    private const long TileBytes = 128 << 10;

    private float* x;
    private byte* codes;
    private int rows;
    private int outputs;
    private int block;
    private nint chunks;
    private LinearResult result;

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        nint chunks = weight.Inputs / 16;
        int block = DirectWork.Block(team, weight.Outputs, chunks * TLoader.Step, TileBytes);
        var work = new DirectWork<TLoader>
        {
            x = packed, codes = (byte*)weight.Codes, rows = rows, outputs = weight.Outputs, block = block, chunks = chunks, result = result,
        };
        team.Run(ref work, (int)(((long)weight.Outputs + block - 1) / block));
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        int first = tile * block, end = Math.Min(first + block, outputs);
        nint stride = chunks * TLoader.Step;
        float* sums = stackalloc float[24];
        for (int output = first; output < end; output += 4)
        {
            byte* w0 = codes + (output * stride);
            byte* w1 = output + 1 < outputs ? w0 + stride : w0;
            byte* w2 = output + 2 < outputs ? w1 + stride : w1;
            byte* w3 = output + 3 < outputs ? w2 + stride : w2;
            switch (RowPanel.Height(rows))
            {
                case 6: DotTile.Rows6<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
                case 4: DotTile.Rows4<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
                case 2: DotTile.Rows2<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
                default: DotTile.Rows1<TLoader>(x, w0, w1, w2, w3, chunks, sums); break;
            }

            result.Write(sums, 0, rows, output, outputs);
        }
    }
}
