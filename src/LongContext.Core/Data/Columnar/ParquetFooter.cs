namespace LongContext.Data.Columnar;

/// <summary>One element of a schema, which the footer lists in depth-first order.</summary>
internal sealed class SchemaElement
{
    public PhysicalType? Type { get; set; }

    public int TypeLength { get; set; }

    public Repetition Repetition { get; set; }

    public string Name { get; set; } = "";

    public int Children { get; set; }

    public LogicalKind Kind { get; set; }

    public int Scale { get; set; }

    /// <summary>Of timestamps: whether they are in UTC.</summary>
    public bool IsUtc { get; set; }
}

/// <summary>Where the values of one column lie in a row group.</summary>
internal sealed class ColumnChunk
{
    public string Path { get; set; } = "";

    public string? File { get; set; }

    public bool IsEncrypted { get; set; }

    public int Type { get; set; } = -1;

    public ParquetCodec Codec { get; set; }

    public long Values { get; set; }

    public long CompressedSize { get; set; }

    public long DataOffset { get; set; }

    public long DictionaryOffset { get; set; }
}

/// <summary>Rows that are stored together.</summary>
internal sealed record RowGroup(long Rows, IReadOnlyList<ColumnChunk> Columns);

/// <summary>What the footer of a Parquet file says (FileMetaData of parquet.thrift).</summary>
internal sealed record ParquetFooter(IReadOnlyList<SchemaElement> Schema, IReadOnlyList<RowGroup> RowGroups)
{
    /// <summary>An element of a list may take a single byte of the footer, and a hundred in memory.</summary>
    private const int MostElements = 1_000_000, MostChunks = 4_000_000, MostNames = 64;

    /// <exception cref="ParquetFault">It is damaged.</exception>
    public static ParquetFooter Read(ReadOnlySpan<byte> bytes)
    {
        ThriftReader reader = new(bytes);
        List<SchemaElement> schema = [];
        List<RowGroup> groups = [];
        long chunks = 0;
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 2 && type == ThriftReader.List)
            {
                int count = RequireStructs(ref reader);
                for (int i = 0; i < count; i++) schema.Add(SchemaElements.Read(ref reader));
            }
            else if (id == 4 && type == ThriftReader.List)
            {
                int count = RequireStructs(ref reader);
                for (int i = 0; i < count; i++) groups.Add(ReadRowGroup(ref reader, ref chunks));
            }
            else
            {
                reader.Skip(type);
            }
        }

        return new ParquetFooter(schema, groups);
    }

    private static int RequireStructs(ref ThriftReader reader)
    {
        int count = reader.ReadListHeader(out int type);
        if (count > MostElements) throw new ParquetFault($"the footer has a list of {count} elements, expected {MostElements} at most");
        return count == 0 || type == ThriftReader.Struct ? count : throw new ParquetFault("the footer has a list of something else than expected");
    }

    private static RowGroup ReadRowGroup(ref ThriftReader reader, ref long chunks)
    {
        long rows = 0;
        List<ColumnChunk> columns = [];
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 1 && type == ThriftReader.List)
            {
                int count = RequireStructs(ref reader);
                chunks += count;
                if (chunks > MostChunks) throw new ParquetFault($"its row groups have more than {MostChunks} column chunks");
                for (int i = 0; i < count; i++) columns.Add(ReadChunk(ref reader));
            }
            else if (id == 3 && type == ThriftReader.I64)
            {
                rows = reader.ReadInteger();
            }
            else
            {
                reader.Skip(type);
            }
        }

        return rows >= 0 ? new RowGroup(rows, columns) : throw new ParquetFault($"a row group says it has {rows} rows");
    }

    private static ColumnChunk ReadChunk(ref ThriftReader reader)
    {
        ColumnChunk chunk = new();
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            if (id == 1 && type == ThriftReader.Binary) chunk.File = reader.ReadText();
            else if (id == 3 && type == ThriftReader.Struct) ReadColumn(ref reader, chunk);
            else
            {
                chunk.IsEncrypted |= id is 8 or 9;
                reader.Skip(type);
            }
        }

        return chunk;
    }

    private static void ReadColumn(ref ThriftReader reader, ColumnChunk chunk)
    {
        for (int id = 0; reader.TryReadField(ref id, out int type);)
        {
            switch (id, type)
            {
                case (1, ThriftReader.I32): chunk.Type = reader.ReadInt32(); break;
                case (3, ThriftReader.List): chunk.Path = ReadPath(ref reader); break;
                case (4, ThriftReader.I32): chunk.Codec = (ParquetCodec)reader.ReadInt32(); break;
                case (5, ThriftReader.I64): chunk.Values = reader.ReadInteger(); break;
                case (7, ThriftReader.I64): chunk.CompressedSize = reader.ReadInteger(); break;
                case (9, ThriftReader.I64): chunk.DataOffset = reader.ReadInteger(); break;
                case (11, ThriftReader.I64): chunk.DictionaryOffset = reader.ReadInteger(); break;
                default: reader.Skip(type); break;
            }
        }
    }

    private static string ReadPath(ref ThriftReader reader)
    {
        int count = reader.ReadListHeader(out int type);
        if (count > 0 && type != ThriftReader.Binary) throw new ParquetFault("a column's path is no list of names");
        if (count > MostNames) throw new ParquetFault($"a column's path has {count} names, expected {MostNames} at most");
        string[] names = new string[count];
        for (int i = 0; i < count; i++) names[i] = reader.ReadText();
        return string.Join('\0', names);
    }
}
