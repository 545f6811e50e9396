namespace LongContext.Data.Columnar;

/// <summary>Bytes of a Parquet file that cannot be what they should be; the reader adds file and row.</summary>
internal sealed class ParquetFault(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>There were too few bytes: with more of them it might be right.</summary>
    public bool IsTruncation { get; init; }
}
