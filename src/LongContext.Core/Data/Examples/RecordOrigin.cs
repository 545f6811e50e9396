namespace LongContext.Data.Examples;

/// <summary>Where a record stands.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">The line of a text file, the row of a table, from 1.</param>
public sealed record RecordOrigin(string Path, long Number)
{
    /// <summary>As faults name it: "file, line 7".</summary>
    public override string ToString() => FormattableString.Invariant($"{Path}, line {Number}");
}
