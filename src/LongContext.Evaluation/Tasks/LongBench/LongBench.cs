using LongContext.Data;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>
/// LongBench and LongBench-E (Bai et al. 2023, arXiv:2308.14508) from the files of the benchmark: questions, prompts and answer lengths are read from the user's disk,
/// asked and scored as pred.py and eval.py do (THUDM/LongBench 2e00731, folder LongBench).
/// </summary>
/// <remarks>
/// The folder is that of the repository with data.zip unpacked in it: <c>config/dataset2prompt.json</c>, <c>config/dataset2maxlen.json</c> and <c>data/qasper.jsonl</c>,
/// <c>data/qasper_e.jsonl</c> and so on; JSON and Parquet, compressed or not, will do as well.
/// </remarks>
public static class LongBench
{
    /// <summary>The names of LongBench's 21 data sets, in the script's order.</summary>
    public static IReadOnlyList<string> DataSets { get; } = [.. LongBenchDataSet.All.Select(set => set.Name)];

    /// <summary>The 16 that the English average is of: 14 English ones and code.</summary>
    public static IReadOnlyList<string> EnglishDataSets { get; } = [.. LongBenchDataSet.All.Where(set => set.Language is "en" or "code").Select(set => set.Name)];

    /// <summary>The 7 that the Chinese average is of: 5 Chinese ones and code.</summary>
    public static IReadOnlyList<string> ChineseDataSets { get; } = [.. LongBenchDataSet.All.Where(set => set.Language is "zh" or "code").Select(set => set.Name)];

    /// <summary>The names of the 13 data sets that LongBench-E has.</summary>
    public static IReadOnlyList<string> DataSetsOfE { get; } = [.. LongBenchDataSet.AllOfE.Select(set => set.Name)];

    /// <summary>LongBench's tasks, one a data set, named "longbench/qasper" and so on. Every record is read and checked once.</summary>
    /// <param name="folder">The benchmark's folder.</param>
    /// <param name="options">Which data sets, and how. Default: all that are there.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is out of its range, a data set is unknown, or one needs a segmenter; the message says what to do.</exception>
    /// <exception cref="DirectoryNotFoundException">A folder is not there.</exception>
    /// <exception cref="FileNotFoundException">A file is not there: of the configuration, of a data set that was asked for, or of any at all.</exception>
    /// <exception cref="DataFormatException">A file holds something else than expected; the message names file, line and field or key.</exception>
    public static IReadOnlyList<LongBenchTask> Load(string folder, LongBenchOptions? options = null, CancellationToken cancellationToken = default) =>
        LoadSets(folder, LongBenchDataSet.All, isE: false, options ?? new LongBenchOptions(), cancellationToken);

    /// <summary>LongBench-E's tasks, one a data set, named "longbench-e/qasper" and so on, scored by lengths. Every record is read and checked once.</summary>
    /// <param name="folder">The benchmark's folder.</param>
    /// <param name="options">Which data sets, and how. Default: all that are there.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or a data set is unknown.</exception>
    /// <exception cref="DirectoryNotFoundException">A folder is not there.</exception>
    /// <exception cref="FileNotFoundException">A file is not there: of the configuration, of a data set that was asked for, or of any at all.</exception>
    /// <exception cref="DataFormatException">A file holds something else than expected; the message names file, line and field or key.</exception>
    public static IReadOnlyList<LongBenchTask> LoadE(string folder, LongBenchOptions? options = null, CancellationToken cancellationToken = default) =>
        LoadSets(folder, LongBenchDataSet.AllOfE, isE: true, options ?? new LongBenchOptions(), cancellationToken);

    private static LongBenchTask[] LoadSets(string folder, IReadOnlyList<LongBenchDataSet> known, bool isE, LongBenchOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        options.Validate();
        string benchmark = isE ? "LongBench-E" : "LongBench";
        LongBenchDataSet[] wanted = options.DataSets is null ? [.. known] : [.. options.DataSets.Select(name => known.FirstOrDefault(set => set.Name == name)
            ?? throw new ArgumentException($"{nameof(LongBenchOptions.DataSets)} has \"{name}\", which {benchmark} has not; expected of {string.Join(", ", known.Select(set => set.Name))}.", nameof(options)))];
        string root = Path.GetFullPath(folder);
        LongBenchFiles files = new(Below(root, options.DataFolder, "data"));
        List<(LongBenchDataSet Set, IReadOnlyList<string> Paths)> found = [];
        foreach (LongBenchDataSet set in wanted)
        {
            string name = isE ? set.Name + "_e" : set.Name;
            IReadOnlyList<string> paths = files.Find(name);
            if (paths.Count > 0) found.Add((set, paths));
            else if (options.DataSets is not null) throw new FileNotFoundException(files.Missing(name));
        }

        if (found.Count == 0) throw new FileNotFoundException($"There is no data set of {benchmark} at all. {files.Missing(isE ? "qasper_e" : "qasper")}");
        string[] chinese = [.. found.Where(one => LongBenchScorer.NeedsSegmenter(one.Set.Name)).Select(one => one.Set.Name)];
        if (chinese.Length > 0 && options.Scoring.Segmenter is null)
        {
            throw new ArgumentException(
                $"{string.Join(", ", chinese)}: Chinese answers are scored by words, and {nameof(LongBenchOptions.Scoring)} has no {nameof(LongBenchScoringOptions.Segmenter)}. Set a {nameof(Segmentation.JiebaSegmenter)} with jieba's dictionary for figures "
                + $"to compare with published ones, or a {nameof(Segmentation.CharacterSegmenter)} for figures of another kind; or leave these out: {nameof(LongBenchOptions.DataSets)} = LongBench.{nameof(EnglishDataSets)}.",
                nameof(options));
        }

        LongBenchConfiguration configuration = new(Below(root, options.ConfigurationFolder, "config"));
        // What is wrong with any of the prompts is said before all of the data is read.
        LongBenchSource[] sources = [.. found.Select(one => new LongBenchSource(one.Set, one.Paths, configuration))];
        return [.. sources.Select(source => new LongBenchTask(source, isE, options, cancellationToken))];
    }

    /// <summary>The folder that is named, else that of a name below the benchmark's, else the benchmark's itself.</summary>
    private static string Below(string root, string? given, string name)
    {
        if (given is not null) return Path.GetFullPath(given);
        string below = Path.Combine(root, name);
        return Directory.Exists(below) ? below : root;
    }
}
