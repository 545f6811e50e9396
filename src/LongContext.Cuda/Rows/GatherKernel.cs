using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rows;

/// <summary>Launches gathers of rows. Allocates nothing after the first call.</summary>
internal sealed class GatherKernel
{
    /// <summary>Chunks of a thread, as in the kernel.</summary>
    internal const int Unroll = 2;

    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public GatherKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"rows_reference_{type}", "gather_reference") : ($"rows_{type}", index % 2 == 0 ? "gather" : "gather_any");
        });
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Bytes that must be moved: rows twice, and their indices.</summary>
    public static long Traffic(ElementType type, long rows, int columns) => rows * ((2L * columns * type.Bytes()) + sizeof(int));

    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size or an address that cannot be.</exception>
    public void Run(in GatherArguments arguments, nint stream)
    {
        GatherArguments a = arguments;
        LaunchGuard.NotNegative(a.Rows);
        LaunchGuard.Positive(a.Columns);
        LaunchGuard.NotNegative(a.TableRows);
        if (!double.IsFinite(a.Scale)) throw new ArgumentOutOfRangeException(nameof(arguments), a.Scale, "Scale must be finite.");
        if (a.Rows == 0) return;
        LaunchGuard.Address(a.Indices, sizeof(int));
        if (a.TableRows > 0) LaunchGuard.Tensor(a.Table, a.Type, a.Columns);
        LaunchGuard.Tensor(a.Result, a.Type, a.Columns);
        bool chunked = a.Columns % a.Type.Lanes() == 0 && a.Table.IsChunked(a.Type) && a.Result.IsChunked(a.Type);
        long work = chunked ? a.Rows * Grids.Ceiling(a.Columns / a.Type.Lanes(), Grids.BlockSize * Unroll) : Grids.Ceiling(a.Rows * a.Columns, Grids.BlockSize);
        LaunchShape shape = Plain ? Grids.Covering(a.Rows, Grids.PlainBlockSize) : Grids.Walking(work, Grids.BlockSize, context.Architecture);
        kernels[((int)a.Type * 2) + (chunked ? 0 : 1)].Launch(shape, stream, new GatherParameters
        {
            Indices = a.Indices, Table = a.Table.Address, Result = a.Result.Address, TableStride = a.Table.Stride, ResultStride = a.Result.Stride,
            Rows = a.Rows, Columns = a.Columns, TableRows = a.TableRows, Scale = Rounded(a.Type, (float)a.Scale),
        });
    }

    /// <summary>The nearest value of the type.</summary>
    private static float Rounded(ElementType type, float value)
    {
        if (type == ElementType.Float16) return (float)(Half)value;
        if (type == ElementType.Float32) return value;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
