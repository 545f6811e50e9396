using LongContext.Data.Examples;

namespace LongContext.Data.Reading;

/// <summary>Records of files, one after the other: JSON lines, JSON arrays, tables and plain text, compressed or not.</summary>
/// <remarks>
/// The form is told by each file's extension (or by <see cref="RecordSourceOptions.Form"/>), once <c>.gz</c>, <c>.zst</c> or <c>.zstd</c> is taken off: <c>.jsonl</c>, <c>.ndjson</c> and
/// <c>.json-lines</c> hold an object a line; <c>.json</c> one array of objects, which is read element by element, or an object, or lines
/// all the same; <c>.csv</c> and <c>.tsv</c> a row a record; <c>.parquet</c> a row a record; any other file is text (see <see cref="TextSplitting"/>).
/// Whether a file is compressed with gzip or zstd is told by its first bytes.
/// Bad is a line that is not valid JSON (RFC 8259, at most 64 levels deep) or no object; that has bytes which are not UTF-8, a name twice in
/// one object, or an escape that is half of a character; that is too long; or that the map refuses. Blank lines and a byte
/// order mark are passed; line ends may be CRLF; the last may be missing. Numbers of any size are kept as they are written. Plain text with a byte 0 is bad.
/// Memory is that of the longest record and, for zstd, of the window.
/// </remarks>
public static class RecordSource
{
    /// <summary>The records of files.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them; files are read in the order that it gives.</param>
    /// <param name="options">How they are read. Default: that of <see cref="RecordSourceOptions"/>.</param>
    /// <exception cref="ArgumentException">Patterns or options are at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Patterns that match nothing, all of them.</exception>
    public static RecordSource<DataRecord> FromFiles(IReadOnlyList<string> patterns, RecordSourceOptions? options = null) =>
        FromFiles(patterns, record => record, options, identity: "the records themselves");

    /// <summary>The training examples in files.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them; files are read in the order that it gives.</param>
    /// <param name="map">
    /// What a record is as an example, for example <see cref="ColumnMap.LongAlign"/> or <see cref="ColumnMap.Auto"/>; a record that it refuses is
    /// a bad line. Its <see cref="ColumnMap.Identity"/> is part of the state.
    /// </param>
    /// <param name="options">How they are read. Default: that of <see cref="RecordSourceOptions"/>.</param>
    /// <exception cref="ArgumentException">Patterns or options are at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Patterns that match nothing, all of them.</exception>
    public static RecordSource<TrainingExample> FromFiles(IReadOnlyList<string> patterns, ColumnMap map, RecordSourceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(map);
        return FromFiles(patterns, map.Map, options, map.Identity);
    }

    /// <summary>What a function makes of the records of files.</summary>
    /// <typeparam name="T">What it makes.</typeparam>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them; files are read in the order that it gives.</param>
    /// <param name="map">
    /// Makes an item of a record; null leaves it out. It must make the same of the same record. A <see cref="DataFormatException"/>,
    /// and what looking for a field that is missing or of another type throws, makes the record a bad line.
    /// </param>
    /// <param name="options">How they are read. Default: that of <see cref="RecordSourceOptions"/>.</param>
    /// <param name="identity">Names what the function does, with its settings: functions cannot be compared with those of another process. Part of the
    /// state. Default: empty.</param>
    /// <exception cref="ArgumentException">Patterns or options are at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Patterns that match nothing, all of them.</exception>
    public static RecordSource<T> FromFiles<T>(IReadOnlyList<string> patterns, Func<DataRecord, T?> map, RecordSourceOptions? options = null, string identity = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(identity);
        options ??= new RecordSourceOptions();
        options.Validate();
        return new RecordSource<T>(new DataFileList(DataFiles.Find(patterns)), map, identity, options);
    }
}
