using System.Collections.Concurrent;

namespace LongContext.Training;

/// <summary>
/// Holds a checkpoint folder for one run, until disposed: two that write into one folder take each other's files away. Made and written to before the first step, so that a folder that
/// cannot be used shows then, and not at the first checkpoint. A process's end lets it go, however it ends; file systems without locks let everybody in.
/// </summary>
internal sealed class CheckpointFolderLock : IDisposable
{
    private const string FileName = ".longcontext.lock";

    private static readonly ConcurrentDictionary<string, bool> Held = new(StringComparer.Ordinal);

    private readonly string path;
    private readonly FileStream file;

    private CheckpointFolderLock(string path, FileStream file) => (this.path, this.file) = (path, file);

    /// <summary>Takes a folder, which is made if it is not there.</summary>
    /// <exception cref="IOException">Another run has it, or it cannot be made or written to.</exception>
    /// <exception cref="UnauthorizedAccessException">It cannot be made or written to.</exception>
    public static CheckpointFolderLock Take(string folder)
    {
        string path = Path.Combine(Path.GetFullPath(folder), FileName);
        FileStream? file = null;
        try
        {
            Directory.CreateDirectory(folder);
            // Opened, it would be what it points to that is written to and deleted.
            if (new FileInfo(path).LinkTarget is { } target) throw new IOException($"its lock {path} is a link, to '{target}': remove it.");
            try
            {
                // On Unix another may open the file just before its name is taken away and lock it just after. With exactly these three (None, OpenOrCreate, DeleteOnClose) the runtime
                // looks once more, when it has the lock, whether the name still leads to the file that it locked.
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            }
            catch (IOException e) when (IsInUse(e))
            {
                string who = Held.ContainsKey(path) ? "another run of this process" : "a run of another process";
                throw new FolderInUseException($"The checkpoint folder '{folder}' is in use by {who} (its lock is {path}): await that run, or give this one a TrainerOptions.CheckpointFolder of its own.", e);
            }

            if (file.Length == 0) file.Write(new byte[1]);
            file.Flush();
            Held[path] = true;
            return new CheckpointFolderLock(path, file);
        }
        catch (Exception e) when (e is IOException and not FolderInUseException or UnauthorizedAccessException)
        {
            file?.Dispose();
            string message = $"TrainerOptions.CheckpointFolder '{folder}' cannot be used: {e.Message}";
            throw e is IOException ? new IOException(message, e) : new UnauthorizedAccessException(message, e);
        }
    }

    /// <summary>Whether a file could not be opened because another has it, and not for want of anything else.</summary>
    internal static bool IsInUse(IOException fault)
    {
        const int SharingViolation = 32, LockViolation = 33; // of Windows, in the lower half of the HRESULT
        if (OperatingSystem.IsWindows()) return (fault.HResult & 0xFFFF) is SharingViolation or LockViolation;
        return fault.HResult == (OperatingSystem.IsLinux() ? 11 : 35); // EWOULDBLOCK, which flock says
    }

    /// <summary>Lets the folder go.</summary>
    public void Dispose()
    {
        Held.TryRemove(path, out _);
        file.Dispose();
    }

    private sealed class FolderInUseException(string message, Exception inner) : IOException(message, inner);
}
