namespace LongContext.Data.Cleaning;

/// <summary>
/// Thresholds of the repetition rules of Rae et al. 2021 (Gopher, table A1). Null turns a rule off; a share at its threshold passes.
/// </summary>
public sealed record GopherRepetitionOptions
{
    /// <summary>The most share of lines that stood before. Default 0.30.</summary>
    public double? DuplicateLines { get; init; } = 0.30;

    /// <summary>The most share of paragraphs that stood before. Default 0.30.</summary>
    public double? DuplicateParagraphs { get; init; } = 0.30;

    /// <summary>The most share of the lines' characters in lines that stood before. Default 0.20.</summary>
    public double? DuplicateLineCharacters { get; init; } = 0.20;

    /// <summary>The most share of the paragraphs' characters in paragraphs that stood before. Default 0.20.</summary>
    public double? DuplicateParagraphCharacters { get; init; } = 0.20;

    /// <summary>
    /// The most share of the words' characters that the most frequent n-gram may cover, by n. Default: 0.20 for 2 words, 0.18 for 3, 0.16 for 4.
    /// </summary>
    public IReadOnlyDictionary<int, double> TopNGrams { get; init; } = new Dictionary<int, double> { [2] = 0.20, [3] = 0.18, [4] = 0.16 };

    /// <summary>
    /// The most share of the words' characters in n-grams that stood before, by n. Default: from 0.15 for 5 words in steps of 0.01 to 0.10 for 10.
    /// </summary>
    public IReadOnlyDictionary<int, double> DuplicateNGrams { get; init; } =
        new Dictionary<int, double> { [5] = 0.15, [6] = 0.14, [7] = 0.13, [8] = 0.12, [9] = 0.11, [10] = 0.10 };

    internal void Validate()
    {
        List<string> faults = [];
        FilterRules.CheckShare(DuplicateLines, nameof(DuplicateLines), faults);
        FilterRules.CheckShare(DuplicateParagraphs, nameof(DuplicateParagraphs), faults);
        FilterRules.CheckShare(DuplicateLineCharacters, nameof(DuplicateLineCharacters), faults);
        FilterRules.CheckShare(DuplicateParagraphCharacters, nameof(DuplicateParagraphCharacters), faults);
        foreach ((string name, IReadOnlyDictionary<int, double> grams) in new[] { (nameof(TopNGrams), TopNGrams), (nameof(DuplicateNGrams), DuplicateNGrams) })
        {
            if (grams is null)
            {
                faults.Add($"{name} is null, expected a dictionary, an empty one for no rule");
                continue;
            }

            foreach ((int n, double share) in grams)
            {
                if (n is < 1 or > 1000) faults.Add($"{name} has n-grams of {n} words, expected 1 to 1000");
                FilterRules.CheckShare(share, $"{name}[{n}]", faults);
            }
        }

        if (faults.Count > 0) throw new ArgumentException($"{nameof(GopherRepetitionOptions)}: {string.Join("; ", faults)}.");
    }
}
