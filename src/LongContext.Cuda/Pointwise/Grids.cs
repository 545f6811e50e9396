using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Pointwise;

/// <summary>Grids of memory-bound kernels.</summary>
internal static class Grids
{
    /// <summary>Threads of a block where the row does not say.</summary>
    public const int BlockSize = 256;

    /// <summary>Threads of a plain kernel's block.</summary>
    public const int PlainBlockSize = 64;

    /// <summary>Blocks that give each item a thread.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More blocks than a grid has.</exception>
    public static LaunchShape Covering(long items, int blockSize)
    {
        long blocks = (items + blockSize - 1) / blockSize;
        if (blocks > int.MaxValue) throw new ArgumentOutOfRangeException(nameof(items), items, "There are more elements than a grid has threads.");
        return new LaunchShape((int)blocks, blockSize);
    }

    /// <summary>At most as many blocks as are resident together some times over, for kernels that walk their work.</summary>
    /// <remarks>
    /// A block that ends makes room for the next at once, while a walking block waits for its own loads: eight times what is resident
    /// lets one kind of waiting hide the other, and bounds the cost of starting blocks.
    /// </remarks>
    public static LaunchShape Walking(long blocks, int blockSize, GpuArchitecture architecture)
    {
        long most = 8L * architecture.MultiprocessorCount * Math.Max(1, architecture.ThreadsPerMultiprocessor / blockSize);
        return new LaunchShape((int)Math.Min(blocks, most), blockSize);
    }

    /// <summary>Blocks of a multiprocessor that registers and threads leave room for.</summary>
    public static int Resident(int blockSize, int registers, GpuArchitecture architecture)
    {
        const int granule = 8; // registers are given out to threads by eight
        int ofThread = (registers + granule - 1) / granule * granule;
        return Math.Max(1, Math.Min(architecture.ThreadsPerMultiprocessor / blockSize, architecture.RegistersPerMultiprocessor / (ofThread * blockSize)));
    }

    /// <summary>The least power of two that is not below a number.</summary>
    public static int PowerOfTwo(int number) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, number));

    /// <summary>Division rounded up.</summary>
    public static int Ceiling(int number, int divisor) => (int)(((long)number + divisor - 1) / divisor);

    /// <summary>Division rounded up.</summary>
    public static long Ceiling(long number, long divisor) => (number + divisor - 1) / divisor;
}
