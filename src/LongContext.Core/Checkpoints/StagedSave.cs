namespace LongContext.Checkpoints;

/// <summary>
/// Files of a folder that are written under temporary names and take their places together. What killed processes left is looked for once, and one file is held for all of them,
/// so that a save of thousands of shards needs no descriptor for each.
/// </summary>
internal sealed class StagedSave : IDisposable
{
    private readonly List<StagedFile> files = [];
    private readonly string folder;
    private readonly string id = TemporaryFiles.NewId();
    private readonly FileStream? hold;

    /// <param name="folder">The folder, which is there.</param>
    /// <param name="isTarget">Told a name: whether it is one that this save may write, and of which leftovers go.</param>
    public StagedSave(string folder, Func<string, bool> isTarget)
    {
        this.folder = folder;
        TemporaryFiles.RemoveLeftovers(folder, isTarget);
        try
        {
            hold = TemporaryFiles.HoldSave(folder, id);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A courtesy to others is no reason to fail: their age alone protects the files then.
        }
    }

    /// <summary>What was written so far, in its order.</summary>
    public IReadOnlyList<StagedFile> Files => files;

    /// <summary>Writes a file under a temporary name.</summary>
    /// <param name="name">Its name in the folder.</param>
    /// <param name="write">Writes its content.</param>
    public void Add(string name, Action<Stream> write) => files.Add(AtomicFile.Stage(Path.Combine(folder, name), write, id));

    /// <summary>Puts every file into its place, in the order in which they were written.</summary>
    public void Commit()
    {
        foreach (StagedFile file in files) file.Commit();
    }

    /// <summary>Removes what did not take its place.</summary>
    public void Dispose()
    {
        foreach (StagedFile file in files) file.Dispose();
        hold?.Dispose(); // and removes it; not before: what is there without it looks like a dead process's
    }
}
