using System.Runtime.InteropServices;

namespace LongContext.Checkpoints;

/// <summary>
/// Makes a renaming durable: on Unix it lasts through a loss of power only once the folder itself is flushed, and .NET
/// opens no folders. Nothing depends on success: a file is whole either way.
/// </summary>
internal static partial class DirectoryFlush
{
    public static void TryFlush(string folder)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return;
        try
        {
            // 0 is O_RDONLY on every Unix.
            int descriptor = Open(folder, 0);
            if (descriptor < 0) return;
            _ = Synchronize(descriptor);
            _ = Close(descriptor);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            // A system without this C library: the renaming lasts when the system gets round to it.
        }
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int Synchronize(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
