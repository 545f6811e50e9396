using System.Runtime.InteropServices;

namespace LongContext.Generation.Running;

/// <summary>
/// Memory for pages that goes back to the system when it is given up. Heaps keep what is freed for themselves where it lies between things in use, so on
/// Linux memory is mapped, and a part of a mapping can be discarded; elsewhere each piece is allocated by itself.
/// </summary>
internal static unsafe partial class PageMemory
{
    private const int ReadWrite = 3, PrivateAnonymous = 0x22, DoNotNeed = 4, HugePages = 14, Collapse = 25;
    private const nuint Alignment = 64;
    private const long HugePageBytes = 2L << 20;

    /// <summary>Whether a part of what was mapped can be given back: sizes are multiples of <see cref="Granularity"/> then.</summary>
    public static bool CanDiscard { get; } = OperatingSystem.IsLinux();

    /// <summary>Bytes that sizes are rounded up to.</summary>
    public static long Granularity { get; } = CanDiscard ? Environment.SystemPageSize : (int)Alignment;

    /// <summary>New memory.</summary>
    /// <exception cref="InsufficientMemoryException">There is none left.</exception>
    public static byte* Map(long bytes)
    {
        if (!CanDiscard) return (byte*)NativeMemory.AlignedAlloc(checked((nuint)bytes), Alignment);
        nint memory = MemoryMap(0, checked((nuint)bytes), ReadWrite, PrivateAnonymous, -1, 0);
        if (memory == -1) throw new InsufficientMemoryException($"The system has no memory for {bytes:N0} bytes more of the cache.");
        // Large pages where the system has them: with small ones, looking addresses up takes a third of the rate at which memory is read. What is touched first then comes in pieces of 2 MB.
        _ = Advise(memory, checked((nuint)bytes), HugePages);
        return (byte*)memory;
    }

    /// <summary>
    /// Brings memory that is there already onto large pages where the system can (Linux from 6.1 on); nothing but speed changes. The part within whole large pages is moved, which takes as long as copying it.
    /// </summary>
    /// <returns>Whether all of that part lies on large pages now.</returns>
    public static bool MoveToHugePages(nint memory, long bytes)
    {
        if (!CanDiscard) return false;
        long first = (memory + HugePageBytes - 1) / HugePageBytes * HugePageBytes, end = (memory + bytes) / HugePageBytes * HugePageBytes;
        return end > first && Advise((nint)first, checked((nuint)(end - first)), Collapse) == 0;
    }

    /// <summary>Gives memory back.</summary>
    public static void Unmap(byte* memory, long bytes)
    {
        if (CanDiscard) _ = MemoryUnmap((nint)memory, (nuint)bytes);
        else NativeMemory.AlignedFree(memory);
    }

    /// <summary>Gives what a part holds back, and keeps its addresses.</summary>
    public static void Discard(byte* memory, long bytes) => _ = Advise((nint)memory, (nuint)bytes, DoNotNeed);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MemoryMap(nint address, nuint length, int protection, int flags, int file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
