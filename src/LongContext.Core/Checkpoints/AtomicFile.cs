using System.Text;

namespace LongContext.Checkpoints;

/// <summary>
/// Writes files so that a reader sees the old one or the new one, whole: into a temporary name in the same folder, through
/// to the disk, then renamed over the old. When anything fails the temporary file goes and the old one stays; where the process was killed, the
/// next writing of that file takes it away (<see cref="TemporaryFiles"/>).
/// </summary>
internal static class AtomicFile
{
    private const int BufferSize = 1 << 20;

    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using StagedFile staged = Stage(path, write);
        staged.Commit();
    }

    public static void WriteAllText(string path, string text) => Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Writes the temporary file and leaves the renaming to <see cref="StagedFile.Commit"/>, so that several files can be
    /// complete before the first takes its place. Disposing without committing removes the temporary file.
    /// </summary>
    /// <param name="path">The file's place.</param>
    /// <param name="write">Writes its content.</param>
    /// <param name="save">The save that it belongs to, which looks for leftovers and is held for its files; null for a file by itself.</param>
    public static StagedFile Stage(string path, Action<Stream> write, string? save = null)
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full);
        if (name.Length == 0) throw new ArgumentException($"'{path}' names no file.", nameof(path));

        // Known before gigabytes are written, not at the renaming.
        if (Directory.Exists(full)) throw new IOException($"'{path}' is a folder, expected the name of a file.");
        string folder = Path.GetDirectoryName(full)!;
        if (save is null) TemporaryFiles.RemoveLeftovers(folder, target => target == name);
        StagedFile staged = new(full, Path.Combine(folder, TemporaryFiles.NameFor(name, save ?? TemporaryFiles.NewId())));
        FileStream? stream = null;
        try
        {
            stream = new(staged.TemporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
            write(stream);
            stream.Flush(flushToDisk: true);
            stream.Dispose();
            if (save is null) staged.Hold();
        }
        catch
        {
            Abandon(stream);
            staged.Dispose();
            throw;
        }

        return staged;
    }

    private static void Abandon(FileStream? stream)
    {
        try
        {
            stream?.Dispose();
        }
        catch (IOException)
        {
            // Closing tries to write what is still buffered; on a full disk that fails again, and the first failure counts.
        }
    }
}
