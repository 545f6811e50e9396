using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using K4os.Compression.LZ4;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace LongContext.Data.Columnar;

/// <summary>
/// Decompresses pages. What a header says a page will have is not believed: memory grows with what really comes out, or is bounded by what the codec can make of the
/// bytes that are there.
/// </summary>
internal static class PageCompression
{
    /// <summary>The most that a byte of these can become: 64 bytes out of 3 (Snappy), 255 out of 1 (LZ4).</summary>
    private const int SnappyRatio = 32, Lz4Ratio = 256, Slack = 64;
    private const int FirstBuffer = 64 * 1024;

    /// <exception cref="ParquetFault">The bytes are damaged, or become something of another length.</exception>
    /// <exception cref="OutOfMemoryException">The decompressor has no memory, which is no fault of the page.</exception>
    public static byte[] Decompress(ParquetCodec codec, ReadOnlySpan<byte> bytes, int length, long maximumZstdWindow = 1L << 27)
    {
        // An empty dictionary, of a column chunk without a value: some writers compress the nothing, others do not.
        if (length == 0 && bytes.IsEmpty) return [];
        try
        {
            return codec switch
            {
                ParquetCodec.Uncompressed => bytes.Length == length ? bytes.ToArray() : throw OtherLength(bytes.Length, length),
                ParquetCodec.Snappy => Snappy(bytes, length),
                ParquetCodec.Lz4Raw => Lz4(bytes, length) ?? throw new ParquetFault("a page is no LZ4"),
                ParquetCodec.Lz4 => HadoopLz4(bytes, length) ?? Lz4(bytes, length) ?? throw new ParquetFault("a page is no LZ4"),
                ParquetCodec.Gzip => Streamed(bytes, length, stream => new GZipStream(stream, CompressionMode.Decompress)),
                ParquetCodec.Brotli => Streamed(bytes, length, stream => new BrotliStream(stream, CompressionMode.Decompress)),
                ParquetCodec.Zstd => Streamed(bytes, length, stream => Zstd(stream, maximumZstdWindow)),
                _ => throw new ParquetFault($"the codec {codec} is not supported; expected none, Snappy, Gzip, Brotli, Zstd or LZ4"),
            };
        }
        catch (ZstdException fault) when (fault.Code == ZSTD_ErrorCode.ZSTD_error_memory_allocation)
        {
            throw new InsufficientMemoryException("There is no memory for the zstd window of a page.", fault);
        }
        catch (ZstdException fault) when (fault.Code == ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge)
        {
            throw new ParquetFault($"a page asks for a zstd window of more than the {maximumZstdWindow} bytes that RecordSourceOptions.MaximumZstdWindow allows", fault);
        }
        catch (Exception fault) when (fault is InvalidDataException or InvalidOperationException or ZstdException or ArgumentException or IOException)
        {
            throw new ParquetFault($"a page cannot be decompressed ({codec}: {fault.Message.TrimEnd('.')})", fault);
        }
    }

    private static DecompressionStream Zstd(Stream stream, long maximumWindow)
    {
        DecompressionStream zstd = new(stream, leaveOpen: false);
        zstd.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, BitOperations.Log2((ulong)maximumWindow));
        return zstd;
    }

    private static byte[] Snappy(ReadOnlySpan<byte> bytes, int length)
    {
        if (length > ((long)SnappyRatio * bytes.Length) + Slack) throw OtherLength(bytes.Length, length);
        int said = Snappier.Snappy.GetUncompressedLength(bytes);
        if (said != length) throw OtherLength(said, length);
        byte[] output = new byte[length];
        int made = Snappier.Snappy.Decompress(bytes, output);
        return made == length ? output : throw OtherLength(made, length);
    }

    private static byte[]? Lz4(ReadOnlySpan<byte> bytes, int length)
    {
        if (length > ((long)Lz4Ratio * bytes.Length) + Slack) throw OtherLength(bytes.Length, length);
        byte[] output = new byte[length];
        return DecodeBlock(bytes, output) == length ? output : null;
    }

    /// <summary>The older LZ4 of Hadoop: blocks behind two big-endian lengths, uncompressed and compressed. Null where the bytes are no such thing.</summary>
    private static byte[]? HadoopLz4(ReadOnlySpan<byte> bytes, int length)
    {
        if (length > ((long)Lz4Ratio * bytes.Length) + Slack) throw OtherLength(bytes.Length, length);
        byte[] output = new byte[length];
        int made = 0;
        while (bytes.Length >= 8)
        {
            uint uncompressed = BinaryPrimitives.ReadUInt32BigEndian(bytes), compressed = BinaryPrimitives.ReadUInt32BigEndian(bytes[4..]);
            if (compressed > bytes.Length - 8 || uncompressed > length - made) return null;
            if (DecodeBlock(bytes.Slice(8, (int)compressed), output.AsSpan(made, (int)uncompressed)) != uncompressed) return null;
            made += (int)uncompressed;
            bytes = bytes[(8 + (int)compressed)..];
        }

        return made == length && bytes.IsEmpty ? output : null;
    }

    /// <summary>The package's decoder takes a block without content, which is one byte, for damage.</summary>
    private static int DecodeBlock(ReadOnlySpan<byte> block, Span<byte> output) => output.IsEmpty && block is [0] ? 0 : LZ4Codec.Decode(block, output);

    private static byte[] Streamed(ReadOnlySpan<byte> bytes, int length, Func<Stream, Stream> open)
    {
        using Stream stream = open(new MemoryStream(bytes.ToArray(), writable: false));
        byte[] output = new byte[Math.Min(length, FirstBuffer)];
        int made = 0;
        while (true)
        {
            if (made == output.Length)
            {
                // Full: either all is there, or more is coming.
                if (made == length) return stream.ReadByte() < 0 ? output : throw OtherLength(made + 1, length);
                Array.Resize(ref output, (int)Math.Min(length, 2L * output.Length));
            }

            int read = stream.Read(output, made, output.Length - made);
            if (read == 0) throw OtherLength(made, length);
            made += read;
        }
    }

    private static ParquetFault OtherLength(int found, int expected) => new($"a page of {found} bytes says that it has {expected} uncompressed");
}
