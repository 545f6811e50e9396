namespace LongContext.Models;

/// <summary>Consecutive key/value heads and the query heads that share them.</summary>
/// <param name="FirstKey">First key/value head.</param>
/// <param name="KeyCount">Number of key/value heads.</param>
/// <param name="Group">Query heads of each.</param>
/// <param name="IsAll">Whether these are all heads of the layer.</param>
internal readonly record struct HeadRange(int FirstKey, int KeyCount, int Group, bool IsAll)
{
    public int FirstQuery => FirstKey * Group;

    public int QueryCount => KeyCount * Group;
}
