using System.Buffers.Binary;
using System.IO.Hashing;
using LongContext.Data.Reading;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Data.Columnar;

/// <summary>The pages of a column chunk, one after the other.</summary>
/// <param name="file">The file.</param>
/// <param name="chunk">The chunk.</param>
/// <param name="end">Where the file's data end.</param>
/// <param name="options">The most bytes of a page, and of the window that its decompression takes.</param>
/// <param name="budget">What the pages of all columns may take.</param>
internal sealed class ColumnPages(SafeFileHandle file, ColumnChunk chunk, long end, RecordSourceOptions options, PageBudget budget)
{
    private const int FirstHeader = 256, LongestHeader = 1 << 24, EntrySize = 32;

    /// <summary>A data page taken apart.</summary>
    internal readonly record struct DataPage(
        int Values, PageEncoding Encoding, ReadOnlyMemory<byte> Repetitions, ReadOnlyMemory<byte> Definitions, ReadOnlyMemory<byte> Body);

    private long heldPage, heldDictionary;
    private long at = chunk.DictionaryOffset > 0 && chunk.DictionaryOffset < chunk.DataOffset ? chunk.DictionaryOffset : chunk.DataOffset;

    /// <summary>The dictionary's values, once its page has been passed; null where there is none.</summary>
    public RawValue[]? Dictionary { get; private set; }

    /// <summary>Bytes of the file read.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The next data page; a dictionary before it is kept.</summary>
    /// <exception cref="ParquetFault">There is none, or it is damaged.</exception>
    public DataPage ReadData(ParquetNode leaf)
    {
        while (true)
        {
            PageHeader header = ReadHeader();
            byte[] bytes = Take(header);
            switch (header.Kind)
            {
                case PageKind.Dictionary:
                    if (Dictionary is not null) throw new ParquetFault("a column has two dictionaries");
                    budget.Replace(ref heldDictionary, header.UncompressedSize + ((long)EntrySize * Math.Min(header.Values, header.UncompressedSize)));
                    byte[] plain = Decompress(bytes, header.UncompressedSize);
                    Dictionary = PlainDecoder.ReadDictionary(plain, header.Values, leaf.Element);
                    break;
                case PageKind.Data:
                    return Split(Decompress(bytes, header.UncompressedSize), header, leaf);
                case PageKind.DataV2:
                    return SplitV2(bytes, header);
                case PageKind.Index:
                    break;
                default:
                    throw new ParquetFault($"a page is of the kind {header.Kind}, which there is not");
            }
        }
    }

    private static DataPage Split(ReadOnlyMemory<byte> page, PageHeader header, ParquetNode leaf)
    {
        ReadOnlyMemory<byte> repetitions = leaf.RepetitionLevel > 0 ? TakeLevels(ref page, header.RepetitionEncoding) : default;
        ReadOnlyMemory<byte> definitions = leaf.Definition > 0 ? TakeLevels(ref page, header.DefinitionEncoding) : default;
        return new DataPage(header.Values, header.Encoding, repetitions, definitions, page);
    }

    private static ReadOnlyMemory<byte> TakeLevels(ref ReadOnlyMemory<byte> page, PageEncoding encoding)
    {
        if (encoding != PageEncoding.RunLength) throw new ParquetFault($"levels in the encoding {encoding} are not supported, expected RLE");
        int length = page.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(page.Span);
        if (length < 0 || length > page.Length - 4) throw new ParquetFault($"a page of {page.Length} bytes says that its levels take {length}");
        ReadOnlyMemory<byte> levels = page.Slice(4, length);
        page = page[(4 + length)..];
        return levels;
    }

    private DataPage SplitV2(byte[] page, PageHeader header)
    {
        int levels = header.RepetitionBytes + header.DefinitionBytes;
        ReadOnlyMemory<byte> body = page.AsMemory(levels);
        if (header.IsCompressed && chunk.Codec != ParquetCodec.Uncompressed)
            body = header.UncompressedSize == levels ? default : Decompress(body.Span, header.UncompressedSize - levels);
        return new DataPage(header.Values, header.Encoding, page.AsMemory(0, header.RepetitionBytes), page.AsMemory(header.RepetitionBytes, header.DefinitionBytes), body);
    }

    private byte[] Decompress(ReadOnlySpan<byte> bytes, int length) => PageCompression.Decompress(chunk.Codec, bytes, length, options.MaximumZstdWindow);

    private PageHeader ReadHeader()
    {
        for (int size = FirstHeader; ; size *= 4)
        {
            byte[] bytes = new byte[Math.Clamp(end - at, 0, size)];
            int read = RandomAccess.Read(file, bytes, at);
            try
            {
                PageHeader header = PageHeader.Read(bytes.AsSpan(0, read));
                at += header.Length;
                return header;
            }
            catch (ParquetFault fault) when (fault.IsTruncation && read == size && size < LongestHeader)
            {
                // Statistics in a header may hold long texts.
            }
        }
    }

    private byte[] Take(PageHeader header)
    {
        int maximum = options.MaximumRecordBytes;
        if (header.CompressedSize > end - at) throw new ParquetFault($"a page says it has {header.CompressedSize} bytes, but {Math.Max(0, end - at)} are left in the file");
        if (header.UncompressedSize > maximum) throw new ParquetFault($"a page has {header.UncompressedSize} bytes uncompressed, expected {maximum} at most (MaximumRecordBytes)");
        // What does not shrink grows by little.
        if (header.CompressedSize > maximum + (maximum / 16L) + 1024)
            throw new ParquetFault($"a page has {header.CompressedSize} bytes, expected {maximum} at most (MaximumRecordBytes)");
        if (header.Kind != PageKind.Dictionary) budget.Replace(ref heldPage, header.UncompressedSize);
        byte[] bytes = new byte[header.CompressedSize];
        int filled = 0;
        while (filled < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(filled), at + filled) is > 0 and var read) filled += read;
        if (filled < bytes.Length) throw new IOException("The file has become shorter while it was read.");
        if (header.Checksum is { } expected && expected != unchecked((int)Crc32.HashToUInt32(bytes)))
            throw new ParquetFault($"the page at byte {at} has another checksum than its header says: the file is damaged");
        at += filled;
        BytesRead += header.Length + filled;
        return bytes;
    }
}
