namespace LongContext.Data.Cleaning;

/// <summary>Which examples are exact duplicates of each other.</summary>
public enum ExactMatching
{
    /// <summary>None: only near-duplicates are looked for.</summary>
    None,

    /// <summary>Those of the same kind with the same characters in all parts, the roles of turns included.</summary>
    Characters,

    /// <summary>Those with the same words in a row, whatever their case, punctuation, symbols and white space.</summary>
    Normalized,
}
