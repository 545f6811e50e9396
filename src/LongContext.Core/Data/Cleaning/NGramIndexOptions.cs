namespace LongContext.Data.Cleaning;

/// <summary>Which n-grams of evaluation texts are looked for.</summary>
public sealed record NGramIndexOptions
{
    /// <summary>
    /// Words of an n-gram, from 1 to 1,000. Default 13, as GPT-3's (Brown et al. 2020, appendix C) and the longest of HELM's (5, 9 and 13). A word stands between
    /// white space, in lower case and without punctuation and symbols; in scripts without spaces between words every character is a word.
    /// </summary>
    public int Length { get; init; } = 13;

    /// <summary>The fewest words that are looked for, from 1 to <see cref="Length"/>. Default 8, GPT-3's bound.</summary>
    public int MinimumLength { get; init; } = 8;

    /// <summary>
    /// Whether each evaluation set has n-grams of a length of its own: the 5th percentile of its texts' words, but no less than
    /// <see cref="MinimumLength"/> and no more than <see cref="Length"/>, as GPT-3's analysis of contamination has it. Default false: all have
    /// <see cref="Length"/>.
    /// </summary>
    public bool LengthByPercentile { get; init; }

    /// <summary>What becomes of texts with fewer words than an n-gram. Default: <see cref="ShortTextPolicy.WholeText"/>.</summary>
    public ShortTextPolicy ShortTexts { get; init; } = ShortTextPolicy.WholeText;

    internal void Validate()
    {
        List<string> faults = [];
        if (Length is < 1 or > 1000) faults.Add($"{nameof(Length)} is {Length}, expected 1 to 1000");
        if (MinimumLength < 1 || MinimumLength > Length) faults.Add($"{nameof(MinimumLength)} is {MinimumLength}, expected 1 to {nameof(Length)} ({Length})");
        if (!Enum.IsDefined(ShortTexts)) faults.Add($"{nameof(ShortTexts)} is {ShortTexts}, expected one of {string.Join(", ", Enum.GetNames<ShortTextPolicy>())}");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(NGramIndexOptions)}: {string.Join("; ", faults)}.");
    }
}
