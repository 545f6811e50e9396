using LongContext.Samples.Shared;

namespace LongContext.Samples.ChatServer;

/// <summary>Keys in a file of their own, which the command line and configuration need not show.</summary>
internal static class KeyFile
{
    /// <summary>The keys by who holds them; none without a file.</summary>
    /// <exception cref="UsageException">A line is wrong, a name stands there twice, or there is no key: a server that was told of keys must not start without.</exception>
    public static IReadOnlyDictionary<string, string> Read(string? path)
    {
        var keys = new Dictionary<string, string>(StringComparer.Ordinal);
        if (path is null) return keys;
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#')) continue;
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (parts.Length != 2) throw new UsageException($"{path}, line {number}: expected a name, a blank and a key.");
            if (!keys.TryAdd(parts[0], parts[1])) throw new UsageException($"{path}, line {number}: the name \"{parts[0]}\" has a key already, expected each name once.");
        }

        return keys.Count > 0 ? keys : throw new UsageException($"{path} has no key, expected a name, a blank and a key on a line.");
    }
}
