using System.Buffers.Binary;
using System.Text;

namespace LongContext.Data.Columnar;

/// <summary>Writes Parquet files page by page as told, sound or not: what other programs would never write.</summary>
internal sealed class HandMadeParquet : IDisposable
{
    private readonly FileStream file;
    private readonly List<(Column Column, long Offset, long Values)> chunks = [];

    public HandMadeParquet(string path)
    {
        file = File.Create(path);
        file.Write("PAR1"u8);
    }

    /// <summary>A column; of a converted type by parquet.thrift's number (0 for text, 6 for a date), or none.</summary>
    internal readonly record struct Column(
        string Name, PhysicalType Type = PhysicalType.ByteArray, Repetition Repetition = Repetition.Required, int? Converted = 0, ParquetCodec Codec = ParquetCodec.Uncompressed);

    /// <summary>A page as it is stored.</summary>
    internal sealed record Page(int Values, byte[] Stored)
    {
        public PageKind Kind { get; init; }

        public PageEncoding Encoding { get; init; }

        public int? UncompressedSize { get; init; }

        public int? Checksum { get; init; }
    }

    public void Write(Column column, IEnumerable<Page> pages)
    {
        long offset = file.Position, values = 0;
        foreach (Page page in pages)
        {
            if (page.Kind != PageKind.Dictionary) values += page.Values;
            file.Write(Header(page));
            file.Write(page.Stored);
        }

        chunks.Add((column, offset, values));
    }

    /// <summary>Ends the file: all columns are those of one row group.</summary>
    public void End(long rows)
    {
        Thrift footer = new();
        footer.Integer(1, 2).List(2, 12, chunks.Count + 1);
        footer.Text(4, "root").Integer(5, chunks.Count).Stop();
        foreach ((Column column, _, _) in chunks)
        {
            footer.Integer(1, (int)column.Type).Integer(3, (int)column.Repetition).Text(4, column.Name);
            if (column.Converted is { } converted) footer.Integer(6, converted);
            footer.Stop();
        }

        footer.After(2).Long(3, rows).List(4, 12, 1).List(1, 12, chunks.Count);
        foreach ((Column column, long offset, long values) in chunks)
        {
            footer.Struct(3).Integer(1, (int)column.Type).List(3, 8, 1).Raw(column.Name).After(3).Integer(4, (int)column.Codec);
            footer.Long(5, values).Long(7, file.Position - offset).Long(9, offset).Stop().Stop();
        }

        footer.After(1).Long(3, rows).Stop().Stop();
        End(footer.ToArray());
    }

    /// <summary>Ends the file with a footer of any kind.</summary>
    public void End(byte[] footer)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, footer.Length);
        file.Write(footer);
        file.Write(length);
        file.Write("PAR1"u8);
        Dispose();
    }

    public void Dispose() => file.Dispose();

    /// <summary>Texts in the plain encoding.</summary>
    public static byte[] Plain(params string[] texts) => [.. texts.SelectMany(text => (byte[])[.. BitConverter.GetBytes(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)])];

    /// <summary>Levels as run lengths, behind their length in bytes.</summary>
    public static byte[] Levels(params (int Count, byte Level)[] runs)
    {
        byte[] levels = [.. runs.SelectMany(run => (byte[])[.. Thrift.Varint((ulong)run.Count << 1), run.Level])];
        return [.. BitConverter.GetBytes(levels.Length), .. levels];
    }

    private static byte[] Header(Page page)
    {
        Thrift header = new();
        header.Integer(1, (int)page.Kind).Integer(2, page.UncompressedSize ?? page.Stored.Length).Integer(3, page.Stored.Length);
        if (page.Checksum is { } checksum) header.Integer(4, checksum);
        switch (page.Kind)
        {
            case PageKind.Data: header.Struct(5).Integer(1, page.Values).Integer(2, (int)page.Encoding).Integer(3, 3).Integer(4, 3).Stop(); break;
            case PageKind.Dictionary: header.Struct(7).Integer(1, page.Values).Integer(2, 0).Stop(); break;
            default: header.Struct(8).Integer(1, page.Values).Integer(2, 0).Integer(3, page.Values).Integer(4, (int)page.Encoding).Integer(5, 0).Integer(6, 0).Stop(); break;
        }

        return header.Stop().ToArray();
    }

    /// <summary>Thrift's compact protocol.</summary>
    internal sealed class Thrift
    {
        private readonly List<byte> bytes = [];
        private int last;

        public static byte[] Varint(ulong value)
        {
            List<byte> bytes = [];
            for (; value > 127; value >>= 7) bytes.Add((byte)(value | 128));
            return [.. bytes, (byte)value];
        }

        public Thrift Integer(int id, int value) => Number(id, ThriftReader.I32, value);

        public Thrift Long(int id, long value) => Number(id, ThriftReader.I64, value);

        public Thrift Text(int id, string text) => Field(id, ThriftReader.Binary).Raw(text);

        /// <summary>Begins a list; its structs follow, each with a stop, then <see cref="After"/>.</summary>
        public Thrift List(int id, int type, int count)
        {
            Field(id, ThriftReader.List);
            bytes.AddRange([(byte)(0xF0 | type), .. Varint((ulong)count)]);
            last = 0;
            return this;
        }

        public Thrift Struct(int id)
        {
            Field(id, ThriftReader.Struct);
            last = 0;
            return this;
        }

        /// <summary>Goes on behind a list or struct that was the field of this number.</summary>
        public Thrift After(int id)
        {
            last = id;
            return this;
        }

        public Thrift Raw(string text)
        {
            bytes.AddRange([.. Varint((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)]);
            return this;
        }

        public Thrift Stop()
        {
            bytes.Add(0);
            last = 0;
            return this;
        }

        public byte[] ToArray() => [.. bytes];

        private Thrift Number(int id, int type, long value)
        {
            Field(id, type);
            bytes.AddRange(Varint((ulong)((value << 1) ^ (value >> 63))));
            return this;
        }

        private Thrift Field(int id, int type)
        {
            // A field of a smaller number is that of a new struct.
            int step = id - last;
            bytes.Add((byte)((step is > 0 and < 16 ? step << 4 : 0) | type));
            if (step is not (> 0 and < 16)) bytes.AddRange(Varint((ulong)((long)id << 1)));
            last = id;
            return this;
        }
    }
}
