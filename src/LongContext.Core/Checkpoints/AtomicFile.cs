using System.Text;

namespace LongContext.Checkpoints;

/// <summary>
/// Writes files so that a reader sees the old one or the new one, whole: into a temporary name in the same folder, through
/// to the disk, then renamed over the old. When anything fails the temporary file goes and the old one stays.
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
    public static StagedFile Stage(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"'{path}' names no file.", nameof(path));
        StagedFile staged = new(full, Path.Combine(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp"));
        try
        {
            using FileStream stream = new(staged.TemporaryPath, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
            write(stream);
            stream.Flush(flushToDisk: true);
        }
        catch
        {
            staged.Dispose();
            throw;
        }

        return staged;
    }
}
