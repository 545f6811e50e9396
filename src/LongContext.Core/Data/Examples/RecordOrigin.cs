namespace LongContext.Data.Examples;

/// <summary>Where a record stands.</summary>
/// <param name="Path">The file.</param>
/// <param name="Number">The line of a text file, the row of a table, the element of a JSON array, from 1.</param>
public sealed record RecordOrigin(string Path, long Number)
{
    /// <summary>What <see cref="Number"/> counts: "line" (the default), "row" of a table, "element" of a JSON array, "text" of a plain-text file.</summary>
    public string Unit { get; init; } = "line";

    /// <summary>As faults name it: "file, line 7".</summary>
    public override string ToString() => FormattableString.Invariant($"{Path}, {Unit} {Number}");
}
