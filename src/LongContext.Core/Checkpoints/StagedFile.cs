namespace LongContext.Checkpoints;

/// <summary>A file that is complete on disk under a temporary name and waits to take its place.</summary>
internal sealed class StagedFile : IDisposable
{
    private FileStream? _hold;
    private bool _committed;

    public StagedFile(string path, string temporaryPath)
    {
        TargetPath = path;
        TemporaryPath = temporaryPath;
    }

    public string TargetPath { get; }

    public string TemporaryPath { get; }

    /// <summary>
    /// Shows other processes that somebody is about to finish the file, once it is written and no longer held by its writer: on some network file systems a second holder would keep the writer from writing. Where that cannot be
    /// had, its age alone protects it.
    /// </summary>
    public void Hold()
    {
        try
        {
            _hold = TemporaryFiles.Hold(TemporaryPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A courtesy to others is no reason to fail.
        }
    }

    /// <summary>Renames the file to its place and makes the renaming last through a loss of power where the system can.</summary>
    public void Commit()
    {
        File.Move(TemporaryPath, TargetPath, overwrite: true);
        _committed = true;
        _hold?.Dispose(); // not before: between the two it would look like a dead process's
        DirectoryFlush.TryFlush(Path.GetDirectoryName(TargetPath)!);
    }

    public void Dispose()
    {
        if (_committed) return;
        _hold?.Dispose();
        try
        {
            File.Delete(TemporaryPath);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to report.
        }
    }
}
