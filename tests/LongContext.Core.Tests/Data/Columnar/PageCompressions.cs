using System.IO.Compression;
using K4os.Compression.LZ4;
using LongContext.Data.Reading;

namespace LongContext.Data.Columnar;

/// <summary>Pages as other programs compress them.</summary>
internal static class PageCompressions
{
    public static byte[] Compress(ParquetCodec codec, byte[] page) => codec switch
    {
        ParquetCodec.Snappy => Snappier.Snappy.CompressToArray(page),
        ParquetCodec.Gzip => page.Gzip(),
        ParquetCodec.Zstd => page.Zstd(),
        ParquetCodec.Brotli => Brotli(page),
        _ => Lz4(page),
    };

    private static byte[] Lz4(byte[] page)
    {
        byte[] packed = new byte[LZ4Codec.MaximumOutputSize(page.Length)];
        return packed[..LZ4Codec.Encode(page, packed)];
    }

    private static byte[] Brotli(byte[] page)
    {
        using MemoryStream packed = new();
        using (BrotliStream brotli = new(packed, CompressionLevel.Fastest)) brotli.Write(page);
        return packed.ToArray();
    }
}
