using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Weights are read where they lie and widened in registers.</summary>
internal static unsafe class DirectWork
{
    /// <summary>
    /// Bytes of weights that are asked for before they are needed, at least: what comes next in memory lies in the four rows behind a tile's, where the processor, which follows each of four short
    /// streams, does not look. Measured beside 4 and 8 KB; narrow formats gain the most.
    /// </summary>
    private const long AheadBytes = 16 << 10;

    /// <summary>
    /// Whether a matrix of whole sixteens is better read directly: where widening is one or two instructions, which the multiplications hide, up to as many rows as make it worth while to lay four rows of
    /// weights side by side (wide formats, whose rows lie further apart, sooner); for few rows where it is more.
    /// </summary>
    public static bool Takes(in WeightMatrix weight, int rows) => weight.Inputs % 16 == 0 && weight.Format switch
    {
        WeightFormat.Float32 => rows < 96 || !Avx512F.IsSupported,
        WeightFormat.BFloat16 => rows < 192 || !Avx512F.IsSupported,
        WeightFormat.Int8 => true,
        WeightFormat.Float16 or WeightFormat.Float8 => rows <= (Avx512F.IsSupported ? RowPanel.Rows : 2),
        _ => false,
    };

    /// <summary>Outputs of a tile for few rows: about so many bytes of weights, and two tiles for each worker where the matrix is small.</summary>
    public static int Block(CpuTeam team, int outputs, long rowBytes, long tileBytes)
    {
        long block = Math.Clamp(tileBytes / Math.Max(1, rowBytes), 8, 1 << 20) / 8 * 8;
        long share = (outputs + (2L * team.Workers) - 1) / (2L * team.Workers);
        return (int)Math.Min(block, Math.Max(8, (share + 7) / 8 * 8));
    }

    /// <summary>From a tile's first byte to what should be asked for while it is computed.</summary>
    public static nint Ahead(long rowBytes) => (nint)Math.Max(WeightPanel.Outputs * rowBytes, AheadBytes);

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

/// <summary>Rows against weights of one format.</summary>
internal unsafe struct DirectWork<TLoader> : ITileWork
    where TLoader : struct, ILaneLoader
{
    /// <summary>Bytes of weights in a tile of few rows: a few microseconds of reading.</summary>
    private const long FewRowsBytes = 128 << 10;

    /// <summary>Bytes of weights in a tile of many rows: they stay in the second-level cache.</summary>
    private const long ManyRowsBytes = 512 << 10;

    private float* x;
    private byte* codes;
    private int rows;
    private int outputs;
    private TileCut cut;
    private nint chunks;
    private LinearResult result;

    /// <summary>Computes all outputs of packed rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* packed, int rows, LinearResult result)
    {
        nint chunks = weight.Inputs / 16;
        long rowBytes = chunks * TLoader.Step;
        TileCut cut;
        if (rows <= 2 * RowPanel.Rows)
        {
            int block = DirectWork.Block(team, weight.Outputs, rowBytes, FewRowsBytes);
            cut = new TileCut(block / WeightPanel.Outputs, (int)(((long)weight.Outputs + block - 1) / block), 2, 1);
        }
        else
        {
            cut = TileCut.Choose(team, weight.Outputs, rows, (int)Math.Clamp(ManyRowsBytes / (rowBytes * WeightPanel.Outputs), 1, 64));
        }

        var work = new DirectWork<TLoader> { x = packed, codes = (byte*)weight.Codes, rows = rows, outputs = weight.Outputs, cut = cut, chunks = chunks, result = result };
        team.Run(ref work, cut.Count, inShares: true);
    }

    /// <inheritdoc />
    public readonly void Run(int tile, int worker)
    {
        (int first, int end, int firstRow, int endRow) = cut.Of(tile, outputs, rows);
        if (rows <= 2 * RowPanel.Rows) // weights are read once and stay in the first-level cache for the second panel of rows
        {
            for (int output = first; output < end; output += WeightPanel.Outputs)
            {
                for (int row = firstRow; row < endRow; row += RowPanel.Rows) Tile(output, row, Math.Min(RowPanel.Rows, endRow - row));
            }

            return;
        }

        for (int row = firstRow; row < endRow; row += RowPanel.Rows)
        {
            for (int output = first; output < end; output += WeightPanel.Outputs) Tile(output, row, Math.Min(RowPanel.Rows, endRow - row));
        }
    }

    private readonly void Tile(int output, int row, int count)
    {
        nint stride = chunks * TLoader.Step;
        float* sums = stackalloc float[24];
        float* tileRows = x + (row * chunks * 16);
        byte* w0 = codes + (output * stride);
        byte* w1 = output + 1 < outputs ? w0 + stride : w0;
        byte* w2 = output + 2 < outputs ? w1 + stride : w1;
        byte* w3 = output + 3 < outputs ? w2 + stride : w2;
        if (count == 1 && typeof(TLoader) == typeof(Float8Loader) && Float8Lanes.IsSupported) Float8Tile.Rows1(tileRows, w0, w1, w2, w3, chunks, sums, w0 + DirectWork.Ahead(stride));
        else if (count == 1 && StreamTile.Takes<TLoader>(chunks)) StreamTile.Rows1<TLoader>(tileRows, w0, w1, w2, w3, chunks, sums);
        else if (count == 1 && typeof(TLoader) == typeof(Float16Loader) && Float16Tile.IsSupported) Float16Tile.Rows1(tileRows, w0, w1, w2, w3, chunks, sums, w0 + DirectWork.Ahead(stride));
        else DotTile.Rows<TLoader, ReadsAhead>(tileRows, RowPanel.Height(count), w0, w1, w2, w3, chunks, sums, w0 + DirectWork.Ahead(stride));

        result.Write(sums, row, count, output, outputs);
    }
}
