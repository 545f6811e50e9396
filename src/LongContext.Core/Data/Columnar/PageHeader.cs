namespace LongContext.Data.Columnar;

/// <summary>What stands before a page (PageHeader of parquet.thrift).</summary>
internal sealed class PageHeader
{
    /// <summary>More values than any writer puts into a page: a header that says so is damaged.</summary>
    private const int MostValues = 1 << 27;

    /// <summary>Bytes of the header itself.</summary>
    public int Length { get; private set; }

    public PageKind Kind { get; private set; } = (PageKind)(-1);

    public int UncompressedSize { get; private set; } = -1;

    public int CompressedSize { get; private set; } = -1;

    /// <summary>CRC-32 of the bytes behind the header, as they are stored; null where the writer left it out.</summary>
    public int? Checksum { get; private set; }

    public int Values { get; private set; }

    public PageEncoding Encoding { get; private set; }

    public PageEncoding DefinitionEncoding { get; private set; } = PageEncoding.RunLength;

    public PageEncoding RepetitionEncoding { get; private set; } = PageEncoding.RunLength;

    /// <summary>Of the second kind of data page: bytes of its levels, which are never compressed.</summary>
    public int DefinitionBytes { get; private set; }

    public int RepetitionBytes { get; private set; }

    public bool IsCompressed { get; private set; } = true;

    /// <exception cref="ParquetFault">It is damaged, or longer than the bytes given.</exception>
    public static PageHeader Read(ReadOnlySpan<byte> bytes)
    {
        ThriftReader reader = new(bytes);
        PageHeader header = new();
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            switch (id, type)
            {
                case (1, ThriftReader.I32): header.Kind = (PageKind)reader.ReadInt32(); break;
                case (2, ThriftReader.I32): header.UncompressedSize = reader.ReadInt32(); break;
                case (3, ThriftReader.I32): header.CompressedSize = reader.ReadInt32(); break;
                case (4, ThriftReader.I32): header.Checksum = reader.ReadInt32(); break;
                case (5, ThriftReader.Struct): header.ReadFields(ref reader, PageKind.Data); break;
                case (7, ThriftReader.Struct): header.ReadFields(ref reader, PageKind.Dictionary); break;
                case (8, ThriftReader.Struct): header.ReadFields(ref reader, PageKind.DataV2); break;
                default: reader.Skip(type); break;
            }
        }

        header.Length = reader.Position;
        header.Check();
        return header;
    }

    private void ReadFields(ref ThriftReader reader, PageKind kind)
    {
        bool second = kind == PageKind.DataV2;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (second && id == 7)
            {
                IsCompressed = type != ThriftReader.False;
                reader.Skip(type);
                continue;
            }

            switch (id, type)
            {
                case (1, ThriftReader.I32): Values = reader.ReadInt32(); break;
                case (2, ThriftReader.I32) when !second: Encoding = (PageEncoding)reader.ReadInt32(); break;
                case (3, ThriftReader.I32) when kind == PageKind.Data: DefinitionEncoding = (PageEncoding)reader.ReadInt32(); break;
                case (4, ThriftReader.I32) when kind == PageKind.Data: RepetitionEncoding = (PageEncoding)reader.ReadInt32(); break;
                case (4, ThriftReader.I32) when second: Encoding = (PageEncoding)reader.ReadInt32(); break;
                case (5, ThriftReader.I32) when second: DefinitionBytes = reader.ReadInt32(); break;
                case (6, ThriftReader.I32) when second: RepetitionBytes = reader.ReadInt32(); break;
                default: reader.Skip(type); break;
            }
        }
    }

    private void Check()
    {
        if (UncompressedSize < 0 || CompressedSize < 0) throw new ParquetFault($"a page says it has {CompressedSize} bytes, {UncompressedSize} uncompressed");
        if (Values is < 0 or > MostValues) throw new ParquetFault($"a page says it has {Values} values");
        if (DefinitionBytes < 0 || RepetitionBytes < 0 || (long)DefinitionBytes + RepetitionBytes > Math.Min(CompressedSize, UncompressedSize))
            throw new ParquetFault($"a page of {CompressedSize} bytes says that its levels take {DefinitionBytes} and {RepetitionBytes}");
    }
}
