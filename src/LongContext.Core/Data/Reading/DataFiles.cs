namespace LongContext.Data.Reading;

/// <summary>Finds data files by patterns.</summary>
public static class DataFiles
{
    /// <summary>The files that patterns name, each once, in one order on every machine.</summary>
    /// <param name="patterns">
    /// Each is a file; a folder, for the files below it that have a data file's extension (.jsonl, .ndjson, .json-lines, .json, .csv, .tsv,
    /// .parquet, .txt, .text, .md, each also with .gz, .zst or .zstd behind it); or a pattern, absolute or relative, in which <c>*</c> stands
    /// for any characters of a name and <c>**</c> for any folders, for example <c>data/**/*.jsonl.zst</c>. One that begins with <c>!</c> takes files away from what the
    /// others find, wherever it stands in the list: without a slash by their name in any folder, with <c>**/</c> in front below any folder, a folder with
    /// all that is in it. Letters of either case differ. Names that begin with a dot are
    /// found only where the pattern says the dot. Links are followed, except to a folder that lies above them; a file that links give several names ("latest" beside
    /// "2024-01", to which it leads) is found by the first of them.
    /// </param>
    /// <param name="baseFolder">What relative patterns are relative to. Default: the current folder.</param>
    /// <returns>Full paths, ordered by the numbers of their characters.</returns>
    /// <exception cref="ArgumentException">There is no pattern, one is empty, or all are exclusions.</exception>
    /// <exception cref="FileNotFoundException">Patterns match nothing (all of them are listed), or every file found is excluded.</exception>
    /// <exception cref="IOException">A folder cannot be read.</exception>
    public static IReadOnlyList<string> Find(IReadOnlyList<string> patterns, string? baseFolder = null)
    {
        ArgumentNullException.ThrowIfNull(patterns);
        if (patterns.Any(string.IsNullOrWhiteSpace)) throw new ArgumentException("A pattern is null, empty or blank.", nameof(patterns));
        string folder = Path.GetFullPath(baseFolder ?? ".");
        string[] inclusions = [.. patterns.Where(pattern => pattern[0] != '!')];
        if (inclusions.Length == 0) throw new ArgumentException("There is no pattern that says which files are meant.", nameof(patterns));

        SortedSet<string> found = new(StringComparer.Ordinal);
        List<string> missing = [];
        foreach (string pattern in inclusions)
        {
            IReadOnlyList<string> files = DataFilePattern.Find(pattern, folder, out string? reason);
            found.UnionWith(files);
            if (reason is not null) missing.Add($"{pattern} ({reason})");
        }

        if (missing.Count > 0) throw new FileNotFoundException($"No data file is found for: {string.Join("; ", missing)}. Relative patterns are looked for in {folder}.");
        string[] exclusions = [.. patterns.Where(pattern => pattern[0] == '!').Select(pattern => pattern[1..])];
        string[] kept = exclusions.Length == 0 ? [.. found] : DataFilePattern.Exclude([.. found], exclusions, folder);
        return kept.Length > 0 ? OncePerFile(kept) : throw new FileNotFoundException($"Every one of the {found.Count} files found is excluded by: {string.Join("; ", exclusions)}.");
    }

    /// <summary>Leaves out names of files that came before under another name.</summary>
    private static string[] OncePerFile(string[] paths)
    {
        Dictionary<string, string> realFolders = new(StringComparer.Ordinal);
        HashSet<string> known = new(StringComparer.Ordinal);
        return [.. paths.Where(path => known.Add(RealPath(path)))];

        string RealPath(string path)
        {
            FileInfo file = new(path);
            if (file.Attributes.HasFlag(FileAttributes.ReparsePoint) && file.ResolveLinkTarget(returnFinalTarget: true) is { } target) path = target.FullName;
            string folder = Path.GetDirectoryName(path)!;
            if (!realFolders.TryGetValue(folder, out string? real)) realFolders.Add(folder, real = LoopFreeFolder.RealPath(folder));
            return Path.Combine(real, Path.GetFileName(path));
        }
    }

    /// <summary>
    /// One worker's files: each file is one worker's, and by size all have about as much to read. Unlike <see cref="DataSourceExtensions.Shard"/>, which reads everything
    /// everywhere, no worker opens another's files; numbers of records may differ.
    /// </summary>
    /// <param name="files">The files, for example of <see cref="Find"/>; the same at every worker, at least one for each.</param>
    /// <param name="index">The worker, from 0.</param>
    /// <param name="count">How many workers there are, at least 1.</param>
    /// <returns>The worker's files in the order of <paramref name="files"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No worker, or one out of range.</exception>
    /// <exception cref="ArgumentException">Fewer files than workers.</exception>
    /// <exception cref="FileNotFoundException">A file is not there.</exception>
    public static IReadOnlyList<string> Shard(IReadOnlyList<string> files, int index, int count)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        if (files.Count < count)
            throw new ArgumentException(FormattableString.Invariant($"There are {files.Count} files for {count} workers, expected one for each at least; shard the records instead."), nameof(files));

        // The largest first, each to the worker that has least; one counts more than its bytes, so that empty files are spread too.
        long[] sizes = [.. files.Select(file => new FileInfo(file).Length + 1)];
        long[] given = new long[count];
        bool[] own = new bool[files.Count];
        foreach (int file in Enumerable.Range(0, files.Count).OrderByDescending(file => sizes[file]).ThenBy(file => file))
        {
            int worker = Array.IndexOf(given, given.Min());
            given[worker] += sizes[file];
            own[file] = worker == index;
        }

        return [.. files.Where((_, file) => own[file])];
    }
}
