using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Bounds of an example's length; null (the default of each) for none.</summary>
public sealed record LengthFilterOptions
{
    /// <summary>The least characters (UTF-16 units).</summary>
    public long? MinimumCharacters { get; init; }

    /// <summary>The most characters.</summary>
    public long? MaximumCharacters { get; init; }

    /// <summary>The least words: what stands between white space; in scripts without spaces every letter is one.</summary>
    public int? MinimumWords { get; init; }

    /// <summary>The most words.</summary>
    public int? MaximumWords { get; init; }

    /// <summary>The least tokens; <see cref="CountTokens"/> says how many there are.</summary>
    public int? MinimumTokens { get; init; }

    /// <summary>The most tokens.</summary>
    public int? MaximumTokens { get; init; }

    /// <summary>Counts an example's tokens; needed where their number is bounded. May be called by several threads at a time.</summary>
    public Func<TrainingExample, int>? CountTokens { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        FilterRules.CheckRange(MinimumCharacters, MaximumCharacters, "characters", faults);
        FilterRules.CheckRange(MinimumWords, MaximumWords, "words", faults);
        FilterRules.CheckRange(MinimumTokens, MaximumTokens, "tokens", faults);
        if ((MinimumTokens ?? MaximumTokens) is not null && CountTokens is null) faults.Add($"tokens are bounded, but {nameof(CountTokens)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(LengthFilterOptions)}: {string.Join("; ", faults)}.");
    }
}
