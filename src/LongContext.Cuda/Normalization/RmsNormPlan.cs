using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>Which kernel of RMS norms runs, with how many threads.</summary>
/// <param name="Held">Chunks of 16 bytes that a thread holds in registers; 0 where rows are read twice, element by element.</param>
/// <param name="Team">Threads of a row.</param>
/// <param name="Launch">The grid.</param>
internal readonly record struct RmsNormPlan(int Held, int Team, LaunchShape Launch)
{
    /// <summary>Chunks that a thread of the forward holds, as in the kernel.</summary>
    public const int ForwardHeld = 4;

    /// <summary>Chunks that a thread of the backward holds, as in the kernels: of x, gradient, what is added, and sums of the weight's gradient.</summary>
    public const int BackwardHeld = 2, BackwardHeldLong = 4;

    /// <summary>Threads that the kernels' registers are bounded for: 1,024 would leave each thread 64, and what it holds would not fit.</summary>
    private const int LargestBlock = 512;

    /// <summary>Fewest registers that the backward may turn out to have, for the most rows of sums.</summary>
    public const int FewestRegisters = 48;

    /// <summary>The forward.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="chunked">Whether all rows begin on borders of 16 bytes.</param>
    public static RmsNormPlan Forward(in RmsNormShape shape, bool chunked)
    {
        int team = chunked ? TeamOf(shape, ForwardHeld) : 0;
        if (team == 0) return new RmsNormPlan(0, Grids.BlockSize, new LaunchShape(shape.Rows, Grids.BlockSize));
        int block = Math.Max(team, Grids.BlockSize);
        return team > 32
            ? new RmsNormPlan(ForwardHeld, team, new LaunchShape(shape.Rows, team))
            : new RmsNormPlan(ForwardHeld, team, new LaunchShape(Grids.Ceiling(shape.Rows, block / team), block));
    }

    /// <summary>Chunks that a thread of the backward holds; 0 for rows that are read twice.</summary>
    public static int HeldOfBackward(in RmsNormShape shape, bool chunked) =>
        !chunked ? 0
        : TeamOf(shape, BackwardHeld) > 0 ? BackwardHeld
        : TeamOf(shape, BackwardHeldLong) > 0 ? BackwardHeldLong : 0;

    /// <summary>The backward, whose blocks walk the rows: as many as are resident together, so that few sums are left to add up.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="held">From <see cref="HeldOfBackward"/>.</param>
    /// <param name="registers">Of the kernel's thread.</param>
    /// <param name="architecture">The GPU.</param>
    public static RmsNormPlan Backward(in RmsNormShape shape, int held, int registers, GpuArchitecture architecture)
    {
        int team = held == 0 ? 0 : TeamOf(shape, held), block = team > 32 ? team : Grids.BlockSize, rowsOfBlock = team is > 0 and <= 32 ? block / team : 1;
        int blocks = Math.Min(Grids.Ceiling(shape.Rows, rowsOfBlock), architecture.MultiprocessorCount * Grids.Resident(block, registers, architecture));
        return new RmsNormPlan(held, team == 0 ? block : team, new LaunchShape(blocks, block));
    }

    /// <summary>Rows of sums that the backward may write, however its tensors are aligned and whatever registers its kernels have.</summary>
    public static int PartialRows(in RmsNormShape shape, GpuArchitecture architecture) => Math.Max(
        Backward(shape, HeldOfBackward(shape, true), FewestRegisters, architecture).Launch.GridX, Backward(shape, 0, FewestRegisters, architecture).Launch.GridX);

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
