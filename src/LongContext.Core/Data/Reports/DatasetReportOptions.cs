using LongContext.Packing;

namespace LongContext.Data.Reports;

/// <summary>What a <see cref="DatasetReport"/> looks at.</summary>
public sealed record DatasetReportOptions
{
    /// <summary>What the data set is called. Default: "Data set".</summary>
    public string Title { get; init; } = "Data set";

    /// <summary>
    /// How it will be packed: context length, what happens to longer sequences, look-ahead. Default: null, nothing is said of packing.
    /// </summary>
    public StreamingPackerOptions? Packing { get; init; }

    /// <summary>
    /// Whether sequences with the same tokens and the same loss mask are counted, by 128-bit hashes; 30 to 60 bytes for each different sequence. Default true.
    /// </summary>
    public bool Duplicates { get; init; } = true;

    /// <summary>How many of the longest sequences are listed, at least 0. Default 10.</summary>
    public int Longest { get; init; } = 10;

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Title)) faults.Add($"{nameof(Title)} is empty");
        if (Longest < 0) faults.Add($"{nameof(Longest)} is {Longest}, expected at least 0");
        if (Packing is not null) faults.AddRange(Packing.Faults().Select(fault => $"{nameof(Packing)}.{fault}"));
        if (faults.Count > 0) throw new ArgumentException($"{nameof(DatasetReportOptions)}: {string.Join("; ", faults)}.");
    }
}
