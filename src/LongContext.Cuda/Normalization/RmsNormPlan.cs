using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>Which kernel of RMS norms runs, with how many threads.</summary>
/// <param name="Held">Whether rows are held in registers, in chunks of 16 bytes; otherwise they are read twice, element by element.</param>
/// <param name="Team">Threads of a row.</param>
/// <param name="Launch">The grid.</param>
internal readonly record struct RmsNormPlan(bool Held, int Team, LaunchShape Launch)
{
    /// <summary>Chunks that a thread of the forward holds, as in the kernel.</summary>
    public const int ForwardHeld = 4;

    /// <summary>Chunks that a thread of the backward holds, as in the kernel: x, gradient and sums of the weight's gradient.</summary>
    public const int BackwardHeld = 2;

    private const int LargestBlock = 1024;

    /// <summary>The forward.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="chunked">Whether all rows begin on borders of 16 bytes.</param>
    public static RmsNormPlan Forward(in RmsNormShape shape, bool chunked)
    {
        int team = chunked ? TeamOf(shape, ForwardHeld) : 0;
        if (team == 0) return new RmsNormPlan(false, Grids.BlockSize, new LaunchShape(shape.Rows, Grids.BlockSize));
        int block = Math.Max(team, Grids.BlockSize);
        return team > 32
            ? new RmsNormPlan(true, team, new LaunchShape(shape.Rows, team))
            : new RmsNormPlan(true, team, new LaunchShape(Grids.Ceiling(shape.Rows, block / team), block));
    }

    /// <summary>The backward, whose blocks walk the rows: as many as are resident together, so that few sums are left to add up.</summary>
    public static RmsNormPlan Backward(in RmsNormShape shape, bool chunked, GpuArchitecture architecture)
    {
        int team = chunked ? TeamOf(shape, BackwardHeld) : 0, block = team > 32 ? team : Grids.BlockSize, rowsOfBlock = team is > 0 and <= 32 ? block / team : 1;
        // 64 registers a thread: half of a multiprocessor's threads.
        int resident = architecture.MultiprocessorCount * Math.Max(1, architecture.RegistersPerMultiprocessor / 64 / block);
        int blocks = Math.Min(Grids.Ceiling(shape.Rows, rowsOfBlock), resident);
        return new RmsNormPlan(team != 0, team == 0 ? block : team, new LaunchShape(blocks, block));
    }

    /// <summary>Rows of sums that the backward may write, however its tensors are aligned.</summary>
    public static int PartialRows(in RmsNormShape shape, GpuArchitecture architecture) =>
        Math.Max(Backward(shape, true, architecture).Launch.GridX, Backward(shape, false, architecture).Launch.GridX);

    /// <summary>Threads of a row, or 0 where none hold it: two chunks each up to a warp, as many as they hold beyond.</summary>
    private static int TeamOf(in RmsNormShape shape, int held)
    {
        int lanes = shape.Type.Lanes();
        if (shape.Columns % lanes != 0) return 0;
        int chunks = shape.Columns / lanes;
        if (chunks <= 32 * held) return Math.Min(32, Grids.PowerOfTwo(Grids.Ceiling(chunks, 2)));
        int team = Grids.Ceiling(Grids.Ceiling(chunks, held), 32) * 32;
        return team <= LargestBlock ? team : 0;
    }
}
