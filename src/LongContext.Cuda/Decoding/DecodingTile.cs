using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Decoding;

/// <summary>What a block of the decoding kernel takes: the C# side of Kernels/Decoding/tile.cuh.</summary>
internal static class DecodingTile
{
    /// <summary>Threads of a block.</summary>
    public const int Threads = 128;

    /// <summary>Tiles in shared memory at a time.</summary>
    public const int Stages = 3;

    /// <summary>Keys of a tile.</summary>
    public static int Keys(int headSize) => headSize > 128 ? 32 : 64;

    /// <summary>Bytes of keys and values of a tile.</summary>
    public static int Bytes(int headSize) => 2 * 2 * Keys(headSize) * headSize;

    /// <summary>Dynamic shared memory of a block: the stages, and the cache rows of their keys.</summary>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="coded">Whether the stages hold codes, beside one tile of numbers.</param>
    public static int SharedBytes(int headSize, bool coded = false) => coded
        ? Bytes(headSize) + (Stages * ((Bytes(headSize) / 2) + (3 * 4 * Keys(headSize))))
        : Stages * (Bytes(headSize) + (4 * Keys(headSize)));

    /// <summary>
    /// Blocks that run on a multiprocessor at a time. Shared memory is what limits it; three are enough to have everything in flight that
    /// the memory needs, and leave 168 registers a thread; larger heads' codes need more registers, and half the bytes in flight.
    /// </summary>
    public static int BlocksPerMultiprocessor(int headSize, GpuArchitecture architecture, bool coded = false) =>
        Math.Clamp(architecture.SharedBytesPerMultiprocessor / (SharedBytes(headSize, coded) + 1024), 1, MostBlocks(headSize, coded));

    /// <summary>The most of them on any architecture; the kernels' launch bounds ask the assembler for registers accordingly.</summary>
    public static int MostBlocks(int headSize, bool coded) => headSize > (coded ? 80 : 96) ? 2 : 3;

    /// <summary>Tiles that hold keys which some query of a sequence sees, as the kernel counts them.</summary>
    public static int Count(DecodingShape shape, int length)
    {
        if (length <= 0) return 0;
        int keys = Keys(shape.HeadSize);
        int position = length - shape.MaxQueryTokens; // of the first query
        int first = shape.WindowLeft is not { } window || window >= position ? 0 : position - window;
        return ((length + keys - 1) / keys) - (first / keys);
    }
}
