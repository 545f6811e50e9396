namespace LongContext.Data.Columnar;

/// <summary>How values are stored, numbered as parquet.thrift does.</summary>
internal enum PhysicalType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedLengthByteArray = 7,
}

/// <summary>How often a field stands in its parent.</summary>
internal enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}

/// <summary>What stored values mean: the logical types of parquet.thrift, older converted types among them.</summary>
internal enum LogicalKind
{
    None,
    Text,
    Map,
    List,
    Decimal,
    Date,
    TimeMilliseconds,
    TimeMicroseconds,
    TimeNanoseconds,
    TimestampMilliseconds,
    TimestampMicroseconds,
    TimestampNanoseconds,
    Unsigned,
    Uuid,
    Float16,
}

/// <summary>How pages are compressed.</summary>
internal enum ParquetCodec
{
    Uncompressed = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,
    Lz4 = 5,
    Zstd = 6,
    Lz4Raw = 7,
}

/// <summary>What a page holds.</summary>
internal enum PageKind
{
    Data = 0,
    Index = 1,
    Dictionary = 2,
    DataV2 = 3,
}

/// <summary>How a page's values are written.</summary>
internal enum PageEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    RunLength = 3,
    BitPacked = 4,
    DeltaBinaryPacked = 5,
    DeltaLengthByteArray = 6,
    DeltaByteArray = 7,
    RunLengthDictionary = 8,
    ByteStreamSplit = 9,
}
