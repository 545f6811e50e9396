namespace LongContext.Data.Cleaning;

/// <summary>
/// Thresholds of the quality rules of Rae et al. 2021 ("Scaling language models: methods, analysis and insights from training Gopher", appendix A.1.1), those that
/// need no language (its list of English stop words is left out). Null turns a rule off; a figure at its threshold passes.
/// </summary>
public sealed record GopherQualityOptions
{
    /// <summary>The least words. Default 50.</summary>
    public int? MinimumWords { get; init; } = 50;

    /// <summary>The most words. Default 100,000; long books have more.</summary>
    public int? MaximumWords { get; init; } = 100_000;

    /// <summary>The least mean length of a word in code points. Default 3. Letters of scripts without spaces do not count; where most words are such letters, the rule does not apply.</summary>
    public double? MinimumMeanWordLength { get; init; } = 3;

    /// <summary>The most mean length of a word in code points. Default 10. Of letters of scripts without spaces as above.</summary>
    public double? MaximumMeanWordLength { get; init; } = 10;

    /// <summary>The most "#" for each word, and the most ellipses ("..." or "…") for each word. Default 0.1.</summary>
    public double? MaximumSymbolsPerWord { get; init; } = 0.1;

    /// <summary>The most share of lines that begin with a bullet (•, ‣, ◦, ▪, *, -, –). Default 0.9. Lines without text are none.</summary>
    public double? MaximumBulletLines { get; init; } = 0.9;

    /// <summary>The most share of lines that end with an ellipsis. Default 0.3.</summary>
    public double? MaximumEllipsisLines { get; init; } = 0.3;

    /// <summary>The least share of words with a letter in them. Default 0.8.</summary>
    public double? MinimumAlphabeticWords { get; init; } = 0.8;

    internal void Validate()
    {
        List<string> faults = [];
        FilterRules.CheckRange(MinimumWords, MaximumWords, "words", faults);
        FilterRules.CheckRange(MinimumMeanWordLength, MaximumMeanWordLength, "mean word length", faults);
        FilterRules.CheckRange(null, MaximumSymbolsPerWord, "symbols per word", faults);
        FilterRules.CheckShare(MaximumBulletLines, nameof(MaximumBulletLines), faults);
        FilterRules.CheckShare(MaximumEllipsisLines, nameof(MaximumEllipsisLines), faults);
        FilterRules.CheckShare(MinimumAlphabeticWords, nameof(MinimumAlphabeticWords), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(GopherQualityOptions)}: {string.Join("; ", faults)}.");
    }
}
