using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Rows;

/// <summary>Launches the bound of logits. Allocates nothing after the first call.</summary>
internal sealed class SoftCapKernel
{
    private readonly CudaContext context;
    private readonly KernelTable kernels;

    /// <param name="context">The GPU.</param>
    /// <param name="plain">Whether the plain, slow kernel runs: for tests.</param>
    public SoftCapKernel(CudaContext context, bool plain = false)
    {
        this.context = context;
        Plain = plain;
        kernels = new KernelTable(context, 2 * ElementTypes.Count, index =>
        {
            string type = ((ElementType)(index / 2)).Suffix();
            return plain ? ($"rows_reference_{type}", "soft_cap_reference") : ($"rows_{type}", index % 2 == 0 ? "soft_cap" : "soft_cap_any");
        });
    }

    /// <summary>Whether the plain, slow kernel runs.</summary>
    public bool Plain { get; }

    /// <summary>Bytes that must be moved: values each way.</summary>
    public static long Traffic(ElementType type, long rows, int columns) => 2L * rows * columns * type.Bytes();

    /// <summary>Puts it on a stream.</summary>
    /// <exception cref="ArgumentException">A size, a cap or an address that cannot be.</exception>
    public void Run(in SoftCapArguments arguments, nint stream)
    {
        SoftCapArguments a = arguments;
        LaunchGuard.NotNegative(a.Rows);
        LaunchGuard.Positive(a.Columns);
        if (a.SoftCap is { } given && !(given > 0 && double.IsFinite(given))) throw new ArgumentOutOfRangeException(nameof(arguments), given, "SoftCap must be positive and finite, or null.");
        if (!double.IsFinite(a.Scale)) throw new ArgumentOutOfRangeException(nameof(arguments), a.Scale, "Scale must be finite.");
        if (a.Rows == 0) return;
        LaunchGuard.Tensor(a.Values, a.Type, a.Columns);
        bool chunked = a.Columns % a.Type.Lanes() == 0 && a.Values.IsChunked(a.Type);
        long work = chunked ? a.Rows * Grids.Ceiling(a.Columns / a.Type.Lanes(), Grids.BlockSize * GatherKernel.Unroll) : Grids.Ceiling(a.Rows * a.Columns, Grids.BlockSize);
        LaunchShape shape = Plain ? Grids.Covering(a.Rows, Grids.PlainBlockSize) : Grids.Walking(work, Grids.BlockSize, context.Architecture);
        double cap = a.SoftCap ?? 0;
        kernels[((int)a.Type * 2) + (chunked ? 0 : 1)].Launch(shape, stream, new SoftCapParameters
        {
            Values = a.Values.Address, Stride = a.Values.Stride, Rows = a.Rows, Columns = a.Columns,
            Scale = (float)a.Scale, Cap = (float)cap, ScaleOverCap = cap > 0 ? (float)(a.Scale / cap) : 0,
        });
    }
}
