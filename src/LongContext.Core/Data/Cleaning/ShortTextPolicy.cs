namespace LongContext.Data.Cleaning;

/// <summary>What becomes of evaluation texts with fewer words than an n-gram.</summary>
public enum ShortTextPolicy
{
    /// <summary>They are not looked for.</summary>
    Ignore,

    /// <summary>They are looked for as a whole, from <see cref="NGramIndexOptions.MinimumLength"/> words on.</summary>
    WholeText,
}
