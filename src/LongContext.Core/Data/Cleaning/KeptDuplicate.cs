namespace LongContext.Data.Cleaning;

/// <summary>Which document of a cluster of duplicates is kept.</summary>
public enum KeptDuplicate
{
    /// <summary>The first in the source's order.</summary>
    First,

    /// <summary>The one with the most characters; of equal ones the first.</summary>
    Longest,
}
