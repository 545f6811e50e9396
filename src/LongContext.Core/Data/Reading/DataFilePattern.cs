using Microsoft.Extensions.FileSystemGlobbing;

namespace LongContext.Data.Reading;

/// <summary>What one pattern finds.</summary>
internal static class DataFilePattern
{
    /// <summary>The files that a pattern names, by full path; where there are none, the reason.</summary>
    public static IReadOnlyList<string> Find(string pattern, string baseFolder, out string? reason)
    {
        string path = Path.GetFullPath(pattern, baseFolder);
        reason = null;
        if (File.Exists(path)) return [path];
        if (!pattern.Contains('*', StringComparison.Ordinal))
        {
            string[] known = Directory.Exists(path) ? [.. Match(path, "**/*").Where(file => RecordFormats.Extensions.Contains(RecordFormats.Extension(file)))] : [];
            if (known.Length == 0)
            {
                reason = Directory.Exists(path) ? "a folder without a file of a known form"
                    : pattern.AsSpan().ContainsAny("?[{") ? "no such file or folder; the wildcards are * and ** alone" : "no such file or folder";
            }

            return known;
        }

        (string root, string below) = Split(path);
        string[] files = [.. Match(root, below)];
        if (files.Length == 0) reason = Directory.Exists(root) ? "nothing matches" : $"there is no folder {root}";
        return files;
    }

    /// <summary>The files that no exclusion names, in the same order.</summary>
    public static string[] Exclude(string[] files, IEnumerable<string> exclusions, string baseFolder)
    {
        Dictionary<string, List<string>> byRoot = [];
        foreach (string exclusion in exclusions)
        {
            bool hasFolder = exclusion.TrimEnd('/').Contains('/', StringComparison.Ordinal) || exclusion.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);
            bool anywhere = !hasFolder || exclusion.StartsWith("**", StringComparison.Ordinal);
            foreach (string root in anywhere ? files.Select(file => Path.GetPathRoot(file)!).Distinct() : [Path.GetPathRoot(Path.GetFullPath(exclusion, baseFolder))!])
            {
                string below = anywhere ? (exclusion.StartsWith("**", StringComparison.Ordinal) ? exclusion : "**/" + exclusion)
                    : Path.GetFullPath(exclusion, baseFolder)[root.Length..];
                if (!byRoot.TryGetValue(root, out List<string>? own)) byRoot.Add(root, own = []);
                own.Add(Slashed(below).TrimEnd('/'));
            }
        }

        HashSet<string> excluded = new(StringComparer.Ordinal);
        foreach ((string root, List<string> patterns) in byRoot)
        {
            Matcher matcher = new(StringComparison.Ordinal);
            foreach (string pattern in patterns) matcher.AddInclude(pattern).AddInclude(pattern + "/**");
            IEnumerable<string> own = files.Where(file => file.StartsWith(root, StringComparison.Ordinal));
            excluded.UnionWith(matcher.Match(root, own).Files.Select(match => Path.GetFullPath(match.Path, root)));
        }

        return [.. files.Where(file => !excluded.Contains(file))];
    }

    /// <summary>Cuts a full path at the first part with a wildcard.</summary>
    private static (string Folder, string Below) Split(string path)
    {
        string root = Path.GetPathRoot(path)!;
        string[] parts = Slashed(path[root.Length..]).Split('/');
        int literal = Array.FindIndex(parts, part => part.Contains('*', StringComparison.Ordinal));
        return (Path.Combine([root, .. parts[..literal]]), string.Join('/', parts[literal..]));
    }

    private static IEnumerable<string> Match(string root, string pattern)
    {
        if (!Directory.Exists(root)) return [];
        bool saysDot = pattern.Split('/').Any(part => part.StartsWith('.'));
        return new Matcher(StringComparison.Ordinal).AddInclude(pattern)
            .Execute(new LoopFreeFolder(root)).Files
            .Select(match => Path.GetFullPath(match.Path, root))
            .Where(file => saysDot || !Slashed(Path.GetRelativePath(root, file)).Split('/').Any(part => part.StartsWith('.')));
    }

    private static string Slashed(string path) => Path.DirectorySeparatorChar == '/' ? path : path.Replace(Path.DirectorySeparatorChar, '/');
}
