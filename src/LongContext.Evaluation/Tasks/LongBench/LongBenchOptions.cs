using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>Which of LongBench is evaluated, and how.</summary>
public sealed record LongBenchOptions
{
    /// <summary>
    /// The data sets by name, such as "qasper", in the order in which they are given out; null (the default) for all whose file is there, in the script's order.
    /// LongBench-E has the same names: "qasper" is the file qasper_e.jsonl there.
    /// </summary>
    public IReadOnlyList<string>? DataSets { get; init; }

    /// <summary>The folder with the data files; null (the default) for the folder "data" below the benchmark's, or that itself where there is none.</summary>
    public string? DataFolder { get; init; }

    /// <summary>
    /// The folder with dataset2prompt.json and dataset2maxlen.json; null (the default) for the folder "config" below the benchmark's, or that itself where there is none.
    /// </summary>
    public string? ConfigurationFolder { get; init; }

    /// <summary>
    /// The script's max_length: a prompt with more tokens loses its middle. Null (the default) for the model's window less about 500 tokens, as the script's own
    /// table has it: 3500 for 4096, 7500 for 8192, 15500 for 16384, 31500 for 32768; nothing is cut where the window is unknown. At least 2.
    /// </summary>
    public int? MaximumPromptTokens { get; init; }

    /// <summary>
    /// Only the first so many items of each data set, which the tasks' names say; null (the default) for all. Figures of fewer items are no LongBench scores.
    /// </summary>
    public int? MaximumItems { get; init; }

    /// <summary>
    /// What scores depend on beside the data. multifieldqa_zh, dureader and vcsum need its <see cref="LongBenchScoringOptions.Segmenter"/>; with one whose figures cannot be
    /// compared with published ones, the tasks' names and figures say so. Default: that of <see cref="LongBenchScoringOptions"/>, without a segmenter.
    /// </summary>
    public LongBenchScoringOptions Scoring { get; init; } = new();

    internal void Validate()
    {
        List<string> faults = [];
        if (DataSets is { Count: 0 }) faults.Add($"{nameof(DataSets)} is empty, expected names, or null for all that are there");
        if (DataSets is { } sets && sets.Distinct(StringComparer.Ordinal).Count() < sets.Count) faults.Add($"{nameof(DataSets)} has a name twice");
        foreach ((string name, string? folder) in new[] { (nameof(DataFolder), DataFolder), (nameof(ConfigurationFolder), ConfigurationFolder) })
        {
            if (folder is not null && string.IsNullOrWhiteSpace(folder)) faults.Add($"{name} is blank, expected a folder, or null");
        }

        if (MaximumPromptTokens < 2) faults.Add(FormattableString.Invariant($"{nameof(MaximumPromptTokens)} is {MaximumPromptTokens}, expected at least 2"));
        if (MaximumItems < 1) faults.Add(FormattableString.Invariant($"{nameof(MaximumItems)} is {MaximumItems}, expected at least 1"));
        if (Scoring is null) faults.Add($"{nameof(Scoring)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(LongBenchOptions)}: {string.Join("; ", faults)}.");
    }
}
