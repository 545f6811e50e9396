namespace LongContext.Data.Reading;

/// <summary>The form that the records of a file have.</summary>
public enum DataFileForm
{
    /// <summary>An object a line: .jsonl, .ndjson, .json-lines.</summary>
    JsonLines,

    /// <summary>One array of objects, an object, or lines: .json.</summary>
    Json,

    /// <summary>A table of text with a separator that is found out, a row a record: .csv.</summary>
    Csv,

    /// <summary>A table of text with tabs, a row a record: .tsv.</summary>
    Tsv,

    /// <summary>Parquet, a row a record: .parquet.</summary>
    Parquet,

    /// <summary>Plain text, cut as <see cref="RecordSourceOptions.TextSplitting"/> says: any other extension.</summary>
    Text,
}
