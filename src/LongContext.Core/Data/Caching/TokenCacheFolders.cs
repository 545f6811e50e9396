using LongContext.Checkpoints;

namespace LongContext.Data.Caching;

/// <summary>
/// The names in a folder of caches: <c>KEY</c> is a whole cache; <c>KEY.lock</c> is locked by who builds it; <c>.building-KEY-*</c> is being built, or,
/// where the lock is free, what an ended process left.
/// </summary>
internal static class TokenCacheFolders
{
    private const string Building = ".building-";

    public static string LockOf(string folder, string name) => Path.Combine(folder, name + ".lock");

    public static string NewBuilding(string folder, string name) => Path.Combine(folder, $"{Building}{name}-{Guid.NewGuid():N}");

    /// <summary>Renames what was built; false where the cache is there already.</summary>
    public static bool TryCommit(string building, string target)
    {
        DirectoryFlush.TryFlush(building);
        try
        {
            Directory.Move(building, target);
        }
        catch (IOException) when (Directory.Exists(target))
        {
            return false;
        }

        DirectoryFlush.TryFlush(Path.GetDirectoryName(target)!);
        return true;
    }

    /// <summary>Removes what ended builders of this cache left. Only with its lock in hand.</summary>
    public static int RemoveLeftovers(string folder, string name)
    {
        string[] leftovers;
        try
        {
            leftovers = Directory.GetDirectories(folder, $"{Building}{name}-*");
        }
        catch (DirectoryNotFoundException)
        {
            return 0; // the folder is gone, and all in it
        }

        return leftovers.Count(TryRemove);
    }

    /// <summary>Removes what ended builders of any cache left, and leaves alone what a living one builds.</summary>
    public static int RemoveAllLeftovers(string folder)
    {
        int removed = 0;
        IEnumerable<string> names = Directory.GetDirectories(folder, Building + "*")
            .Select(path => Path.GetFileName(path)[Building.Length..])
            .Select(rest => rest[..Math.Max(0, rest.LastIndexOf('-'))])
            .Where(name => name.Length > 0)
            .Distinct(StringComparer.Ordinal);
        foreach (string name in names.ToArray())
        {
            using TokenCacheLock? taken = TokenCacheLock.TryTake(LockOf(folder, name));
            if (taken is not null) removed += RemoveLeftovers(folder, name);
        }

        return removed;
    }

    public static bool TryRemove(string path)
    {
        try
        {
            Directory.Delete(path, recursive: true);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // the next one who builds tries again
        }
    }
}
