using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Dequantization;

/// <summary>Launches the dequantisation of weights. The values have the bits of the host's, in every type. Allocates nothing after the first call.</summary>
internal sealed class DequantizationKernel
{
    /// <summary>Values that share a magnitude.</summary>
    public const int Nf4BlockSize = 64;

    /// <summary>Chunks of a thread, as in the kernels.</summary>
    private const int Unroll = 4;

    private readonly CudaContext context;
    private readonly KernelTable nf4;
    private readonly KernelTable eightBit;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernels run: for tests.</param>
    public DequantizationKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        nf4 = Table("dequantize_nf4");
        eightBit = Table("dequantize_int8");

        KernelTable Table(string name) => new(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"dequantize_reference_{type}", $"{name}_reference") : ($"{name}_{type}", index % 2 == 0 ? name : name + "_any");
        });
    }

    /// <summary>Whether the plain, slow kernels run.</summary>
    public bool Plain { get; }

    /// <summary>Puts the dequantisation of NF4 on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Nf4(in Nf4Arguments arguments, nint stream)
    {
        Nf4Arguments a = arguments;
        LaunchGuard.NotNegative(a.Rows);
        LaunchGuard.Positive(a.Columns);
        LaunchGuard.NotNegative(a.FirstRow);
        if (a.Rows == 0) return;
        LaunchGuard.Address(a.Codes, 1);
        LaunchGuard.Address(a.Magnitudes, a.Groups == 0 ? sizeof(float) : 1);
        LaunchGuard.Address(a.Values, a.Type.Bytes());
        if (a.Groups != 0)
        {
            LaunchGuard.Address(a.Groups, sizeof(float));
            LaunchGuard.Address(a.Table, sizeof(float));
        }

        bool chunked = a.Columns % Nf4BlockSize == 0 && a.Codes % 4 == 0 && a.Values % ElementTypes.ChunkBytes == 0;
        long chunks = a.Rows * a.Columns / a.Type.Lanes(), bytes = a.Rows * Grids.Ceiling(a.Columns, 2);
        LaunchShape shape = Plain ? Grids.Covering(a.Rows * a.Columns, Grids.PlainBlockSize)
            : Grids.Walking(chunked ? Grids.Ceiling(chunks, Grids.BlockSize * Unroll) : Grids.Ceiling(bytes, Grids.BlockSize), Grids.BlockSize, context.Architecture);
        nf4[((int)a.Type * 2) + (chunked ? 0 : 1)].Launch(shape, stream, new Nf4Parameters
        {
            Codes = a.Codes, Magnitudes = a.Magnitudes, Groups = a.Groups, Table = a.Table, Values = a.Values,
            FirstBlock = a.FirstRow * Grids.Ceiling(a.Columns, Nf4BlockSize), Rows = a.Rows, Columns = a.Columns, Mean = (float)a.Mean,
        });
    }

    /// <summary>Puts the dequantisation of 8-bit whole numbers on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void EightBit(in EightBitArguments arguments, nint stream)
    {
        EightBitArguments a = arguments;
        LaunchGuard.NotNegative(a.Rows);
        LaunchGuard.Positive(a.Columns);
        if (a.Rows == 0) return;
        LaunchGuard.Address(a.Codes, 1);
        LaunchGuard.Address(a.Factors, sizeof(float));
        LaunchGuard.Address(a.Values, a.Type.Bytes());
        int lanes = a.Type.Lanes();
        bool chunked = a.Columns % lanes == 0 && a.Codes % lanes == 0 && a.Values % ElementTypes.ChunkBytes == 0;
        long stretches = a.Rows * Grids.Ceiling(a.Columns / lanes, Grids.BlockSize * Unroll);
        LaunchShape shape = Plain ? Grids.Covering(a.Rows * a.Columns, Grids.PlainBlockSize)
            : Grids.Walking(chunked ? stretches : Grids.Ceiling(a.Rows * a.Columns, Grids.BlockSize), Grids.BlockSize, context.Architecture);
        eightBit[((int)a.Type * 2) + (chunked ? 0 : 1)].Launch(shape, stream, new EightBitParameters
        {
            Codes = a.Codes, Factors = a.Factors, Values = a.Values, Rows = a.Rows, Columns = a.Columns,
        });
    }

    /// <summary>Bytes of NF4: half a byte and the result for each value, and a block's magnitude: 4 bytes, or 1 and its share of a group's.</summary>
    public static long Nf4Traffic(ElementType type, long rows, int columns, bool twice)
    {
        long blocks = rows * Grids.Ceiling(columns, Nf4BlockSize);
        return (rows * Grids.Ceiling(columns, 2)) + (rows * columns * type.Bytes()) + (twice ? blocks + Grids.Ceiling(blocks, 256) * sizeof(float) : blocks * sizeof(float));
    }

    /// <summary>Bytes of 8-bit whole numbers: one and the result for each value, and a row's factor.</summary>
    public static long EightBitTraffic(ElementType type, long rows, int columns) => (rows * columns * (1 + type.Bytes())) + (rows * sizeof(float));
}
