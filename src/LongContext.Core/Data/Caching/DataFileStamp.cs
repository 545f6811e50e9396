namespace LongContext.Data.Caching;

/// <summary>By what a data file is known to be the same.</summary>
public enum DataFileStamp
{
    /// <summary>
    /// Name, size and time of the last change: costs nothing, whatever the size. A copy of the files with other times is other data, and a change
    /// that keeps size and time is not seen.
    /// </summary>
    ModificationTime,

    /// <summary>Name and content (XXH128): reads every file once, and holds on other machines too.</summary>
    Content,
}
