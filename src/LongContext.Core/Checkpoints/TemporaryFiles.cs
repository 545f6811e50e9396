using System.Text.RegularExpressions;

namespace LongContext.Checkpoints;

/// <summary>
/// Names of files that are written beside their place before they take it, <c>.name.‹32 hexadecimal digits›.tmp</c>, and what becomes of those that nobody will finish. Who writes one
/// holds it open until it has its place: that ends with the process, on every system, and tells a file that is being written from one that a killed process left. Files of one save
/// have the same digits, and one more file, that is held for all of them.
/// </summary>
internal static partial class TemporaryFiles
{
    /// <summary>Only older files are removed: a file is there a moment before it is locked, and some network file systems do not tell one machine of another's locks.</summary>
    private static readonly TimeSpan LeastAge = TimeSpan.FromHours(1);

    /// <summary>Target of the file that is held for a save: a name that no file of one has.</summary>
    private const string SaveTarget = "save-in-progress";

    /// <summary>Digits of a new file, or of a new save's files.</summary>
    public static string NewId() => Guid.NewGuid().ToString("N");

    /// <summary>The name for what will be called so.</summary>
    public static string NameFor(string target, string id) => $".{target}.{id}.tmp";

    /// <summary>Makes the file that stands for all files of a save, and holds it until it is disposed, which removes it.</summary>
    public static FileStream HoldSave(string folder, string id) => new(
        Path.Combine(folder, NameFor(SaveTarget, id)), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.DeleteOnClose);

    /// <summary>
    /// Holds a file as being written, until it is disposed. It may be read, renamed and removed meanwhile, as its place is taken; only
    /// who asks for it alone is refused.
    /// </summary>
    public static FileStream Hold(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1);

    /// <summary>
    /// Removes what killed processes left of some files in a folder. What another process is writing stays, and everything does where locks
    /// have no effect. Failing to remove is no failure.
    /// </summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isTarget">Told the name that a file was to get: whether it is the caller's to write.</param>
    public static void RemoveLeftovers(string folder, Func<string, bool> isTarget)
    {
        try
        {
            DateTime youngest = DateTime.UtcNow - LeastAge;
            (string Path, string Target, string Id)[] found =
            [
                .. Directory.EnumerateFiles(folder, ".*.tmp")
                    .Select(path => (Path: path, Match: NamePattern().Match(Path.GetFileName(path))))
                    .Where(file => file.Match.Success && (file.Match.Groups[1].Value is SaveTarget || isTarget(file.Match.Groups[1].Value)) && File.GetLastWriteTimeUtc(file.Path) < youngest)
                    .Select(file => (file.Path, file.Match.Groups[1].Value, file.Match.Groups[2].Value)),
            ];
            if (found.Length == 0 || !LocksHold(folder, found[0].Target)) return;
            foreach (IGrouping<string, (string Path, string Target, string Id)> save in found.GroupBy(file => file.Id))
            {
                string hold = Path.Combine(folder, NameFor(SaveTarget, save.Key));
                if (File.Exists(hold) && !TryRemove(hold)) continue; // its process lives
                foreach ((string path, _, _) in save.Where(file => file.Target != SaveTarget)) TryRemove(path);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // They take room and change nothing: what is to be written can be written all the same.
        }
    }

    /// <summary>Whether who asks for a held file alone is refused here: some network file systems, and a switch of .NET's, pass locks over in silence.</summary>
    private static bool LocksHold(string folder, string target)
    {
        string path = Path.Combine(folder, NameFor(target, NewId()));
        File.WriteAllBytes(path, []);
        try
        {
            using FileStream held = Hold(path);
            return !TryRemove(path);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Removes a file that nobody holds.</summary>
    private static bool TryRemove(string path)
    {
        try
        {
            // Removed before it is let go; and not at all where the lock is not to be had. Some network file systems give it only to who may write.
            using FileStream alone = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [GeneratedRegex(@"^\.(.+)\.([0-9a-f]{32})\.tmp\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex NamePattern();
}
