using System.Runtime.InteropServices;

namespace LongContext.Checkpoints;

/// <summary>Gives pages of mapped files back before they are unmapped. Nothing depends on success: the bytes are the file's either way.</summary>
internal static unsafe partial class MappedPages
{
    /// <summary>MADV_DONTNEED, the same number on Linux and macOS: for a file mapped for reading, later accesses read it anew.</summary>
    private const int DoNotNeed = 4;

    public static void TryRelease(byte* start, long length)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return;

        // Whole pages only: those at the borders hold neighbours too.
        nuint page = (nuint)Environment.SystemPageSize;
        nuint first = ((nuint)start + page - 1) / page * page, end = ((nuint)start + (nuint)length) / page * page;
        if (end <= first) return;
        try
        {
            _ = Advise((void*)first, end - first, DoNotNeed);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system without this C library: the pages go when the file is unmapped.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* address, nuint length, int advice);
}
