namespace LongContext.Data.Tables;

/// <summary>How tables are read: CSV, TSV and Parquet.</summary>
/// <remarks>
/// <para>CSV (RFC 4180, in UTF-8): every field is text, an empty one an empty text; quoted fields may hold separators, line ends and doubled quotes, and be as long as
/// <see cref="Reading.RecordSourceOptions.MaximumRecordBytes"/>. A record is named by the line at which it begins. Blank lines are passed. Bad is a record with more or fewer fields than
/// the header, with text behind a closing quote, or with bytes that are not UTF-8; a header with a name twice makes the file unreadable.</para>
/// <para>Parquet: rows come a row group after the other, in memory of one page and one dictionary of each column that is asked for (a page is what its writer made of it, a
/// megabyte as a rule). Numbers, truth values and decimals come as such; dates, times and timestamps as text in ISO 8601; lists as arrays, structures and maps with text
/// keys as objects; NaN and infinities by name; bytes that nothing says are text as text where they are UTF-8, else in Base64. Compression: Snappy, Gzip, Zstd, LZ4,
/// Brotli or none. Pages with a checksum are checked. A row that takes more than <see cref="Reading.RecordSourceOptions.MaximumRecordBytes"/> is bad.
/// Encrypted files and columns in other files are refused.</para>
/// </remarks>
public sealed record TableOptions
{
    /// <summary>
    /// The columns that a record gets; null (the default) for all. Of Parquet the others are not read at all, and a path ("meta.lang") takes a part of a nested
    /// column. A table without one of them is no table for these options: reading it fails.
    /// </summary>
    public IReadOnlyList<string>? Columns { get; init; }

    /// <summary>
    /// What stands between the fields of CSV, an ASCII character; null (the default) for what the file says: a tab in .tsv, elsewhere that one of comma, semicolon, tab
    /// and bar that the first record has most of.
    /// </summary>
    public char? Separator { get; init; }

    /// <summary>The names of the columns of CSV without a header, one for each; null (the default) where the first record is the header.</summary>
    public IReadOnlyList<string>? ColumnNames { get; init; }

    /// <summary>What decides which records come of a table: a state taken with others is refused.</summary>
    internal IEnumerable<(string Name, string Value)> Settings() =>
    [
        ("columns", Columns is null ? "all" : string.Join('\n', Columns)),
        ("separator", Separator?.ToString() ?? "found"),
        ("column-names", ColumnNames is null ? "header" : string.Join('\n', ColumnNames)),
    ];

    internal IEnumerable<string> Faults()
    {
        if (Columns is { } columns && (columns.Count == 0 || columns.Any(string.IsNullOrEmpty))) yield return "Columns has no name or an empty one; null stands for all columns";
        if (Separator is { } separator && (!char.IsAscii(separator) || separator is '"' or '\n' or '\r' or '\0'))
            yield return $"Separator is '{separator}', expected an ASCII character that is no quote and no line end";
        if (ColumnNames is not { } names) yield break;
        if (names.Count == 0 || names.Any(name => name is null)) yield return "ColumnNames has no name or one that is null";
        else if (names.Distinct(StringComparer.Ordinal).Count() < names.Count) yield return "ColumnNames has a name twice";
    }
}
