using LongContext.Data.Columnar;
using LongContext.Data.Tables;

namespace LongContext.Data.Reading;

/// <summary>Which form a file has: what the options say, else told by the extension of its name once <c>.gz</c> or <c>.zst</c> is taken off.</summary>
internal static class RecordFormats
{
    /// <summary>Extensions of the forms that are known, in lower case; files of other names are plain text where they are asked for by a pattern.</summary>
    public static readonly IReadOnlySet<string> Extensions =
        new HashSet<string>(StringComparer.Ordinal) { ".jsonl", ".ndjson", ".json-lines", ".json", ".csv", ".tsv", ".parquet", ".txt", ".text", ".md" };

    /// <summary>Opens a file's reader at its first record.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is read.</param>
    /// <param name="cancellationToken">Ends looking for a header, which may be as long as the file.</param>
    /// <exception cref="DataFormatException">The file is not of the form that its name says.</exception>
    public static IRecordReader Open(string path, RecordSourceOptions options, CancellationToken cancellationToken) => (options.Form ?? FormOf(path)) switch
    {
        DataFileForm.JsonLines => new JsonLinesReader(path, options),
        DataFileForm.Json => JsonFiles.Open(path, options, cancellationToken),
        DataFileForm.Csv => new CsvReader(path, options, isTabs: false, cancellationToken),
        DataFileForm.Tsv => new CsvReader(path, options, isTabs: true, cancellationToken),
        DataFileForm.Parquet => new ParquetRecordReader(path, options),
        _ => options.TextSplitting switch
        {
            TextSplitting.WholeFile => new WholeTextReader(path, options),
            TextSplitting.Paragraphs => new ParagraphsReader(path, options),
            _ => new TextPiecesReader(path, options),
        },
    };

    private static DataFileForm FormOf(string path) => Extension(path) switch
    {
        ".jsonl" or ".ndjson" or ".json-lines" => DataFileForm.JsonLines,
        ".json" => DataFileForm.Json,
        ".csv" => DataFileForm.Csv,
        ".tsv" => DataFileForm.Tsv,
        ".parquet" => DataFileForm.Parquet,
        _ => DataFileForm.Text,
    };

    /// <summary>A name without the extensions that say form and compression: "a/b" of "a/b.jsonl.zst".</summary>
    public static string WithoutExtension(string name)
    {
        string plain = Path.GetExtension(name).ToLowerInvariant() is ".gz" or ".zst" or ".zstd" ? Path.ChangeExtension(name, null) : name;
        return Extensions.Contains(Extension(name)) ? Path.ChangeExtension(plain, null) : plain;
    }

    /// <summary>The extension that says the form, in lower case: ".jsonl" of "a.JSONL.zst".</summary>
    public static string Extension(string path)
    {
        string extension = Path.GetExtension(path).ToLowerInvariant();
        return extension is ".gz" or ".zst" or ".zstd" ? Path.GetExtension(Path.GetFileNameWithoutExtension(path)).ToLowerInvariant() : extension;
    }
}
