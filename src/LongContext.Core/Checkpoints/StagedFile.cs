namespace LongContext.Checkpoints;

/// <summary>A file that is complete on disk under a temporary name and waits to take its place.</summary>
internal sealed class StagedFile : IDisposable
{
    private bool _committed;

    public StagedFile(string path, string temporaryPath)
    {
        TargetPath = path;
        TemporaryPath = temporaryPath;
    }

    public string TargetPath { get; }

    public string TemporaryPath { get; }

    /// <summary>Renames the file to its place and makes the renaming last through a loss of power where the system can.</summary>
    public void Commit()
    {
        File.Move(TemporaryPath, TargetPath, overwrite: true);
        _committed = true;
        DirectoryFlush.TryFlush(Path.GetDirectoryName(TargetPath)!);
    }

    public void Dispose()
    {
        if (_committed) return;
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
