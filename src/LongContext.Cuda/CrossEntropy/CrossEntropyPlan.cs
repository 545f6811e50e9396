using LongContext.Cuda.Driver;
using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.CrossEntropy;

/// <summary>How the rows of cross-entropy are shared out.</summary>
/// <param name="HeldChunks">Chunks of 16 bytes of a row that stay in shared memory between its two uses.</param>
/// <param name="Launch">The grid.</param>
internal readonly record struct CrossEntropyPlan(int HeldChunks, LaunchShape Launch)
{
    /// <summary>Static shared memory of the kernel, and what the driver keeps of each block's.</summary>
    private const int OwnSharedBytes = 256 + 1024;

    /// <summary>Threads that the kernel's registers are bounded for.</summary>
    private const int LargestBlock = 512;

    /// <summary>Chooses the threads by the row: as many as have four chunks each; and keeps as much of a row as shared memory holds.</summary>
    /// <remarks>
    /// A row of 128,256 values of 16 bits takes 250 KiB; a Hopper block keeps 225 KiB of it, so that a tenth is read twice instead of all.
    /// Rows of up to 110 KiB leave room for two blocks or more, of which one reads while another writes.
    /// </remarks>
    public static CrossEntropyPlan Of(ElementType type, int rows, int vocabulary, bool writesGradient, int registers, GpuArchitecture architecture)
    {
        long chunks = (long)vocabulary * type.Bytes() / ElementTypes.ChunkBytes, wanted = writesGradient ? chunks * ElementTypes.ChunkBytes : 0;
        int most = Math.Max(0, architecture.SharedBytesPerBlock - OwnSharedBytes);
        int held = (int)Math.Min(wanted, most / ElementTypes.ChunkBytes * ElementTypes.ChunkBytes);
        int threads = (int)Math.Clamp(Grids.Ceiling(Grids.Ceiling(chunks, 4), 32) * 32, 128, LargestBlock);
        int resident = Math.Max(1, Math.Min(architecture.SharedBytesPerMultiprocessor / (held + OwnSharedBytes), Grids.Resident(threads, registers, architecture)));
        // A block walks rows: the next begins as soon as the last is written.
        int blocks = Math.Min(rows, architecture.MultiprocessorCount * resident);
        return new CrossEntropyPlan(held / ElementTypes.ChunkBytes, new LaunchShape(blocks, 1, 1, threads, held));
    }
}
