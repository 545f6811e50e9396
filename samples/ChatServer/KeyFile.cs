using LongContext.Samples.Shared;

namespace LongContext.Samples.ChatServer;

/// <summary>Keys in a file of their own, which the command line and configuration need not show.</summary>
internal static class KeyFile
{
    public static IEnumerable<(string Holder, string Key)> Read(string? path)
    {
        if (path is null) yield break;
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line.StartsWith('#')) continue;
            string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (parts.Length != 2) throw new UsageException($"{path}, line {number}: expected a name, a blank and a key.");
            yield return (parts[0], parts[1]);
        }
    }
}
