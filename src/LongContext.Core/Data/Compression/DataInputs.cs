using System.Buffers.Binary;
using LongContext.Data.Reading;

namespace LongContext.Data.Compression;

/// <summary>Chooses how a file is decompressed: by its first bytes, so that a file with the wrong name is read all the same.</summary>
internal static class DataInputs
{
    private const uint ZstdMagic = 0xFD2FB528, SkippableMagic = 0x184D2A50;

    public static DataInput Open(string path, RecordSourceOptions options)
    {
        FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        try
        {
            Span<byte> first = stackalloc byte[10];
            first = first[..GzipMember.ReadFully(file.SafeFileHandle, first, 0)];
            if (GzipMember.IsMagic(first)) return new GzipInput(path, file);
            if (IsZstd(first)) return new ZstdInput(path, file, options.MaximumZstdWindow);
            if (OtherCompression(first) is { } other)
                throw Faults.Broken(path, $"the file is {other} by its first bytes, which is not read; expected text, or text compressed with gzip or zstd.");
            return NamedCompression(path) is { } name
                ? throw Faults.Broken(path, first.IsEmpty
                    ? $"the file is empty, expected {name}."
                    : $"the file begins with the bytes {Convert.ToHexString(first[..Math.Min(4, first.Length)])}, which is not {name} as its name says.")
                : new PlainInput(path, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>How the name says that the file is compressed; null where it says nothing of it.</summary>
    public static string? NamedCompression(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".gz" => "gzip",
        ".zst" or ".zstd" => "zstd",
        _ => null,
    };

    /// <summary>Forms that people have data in, and that would be reported as broken text.</summary>
    private static string? OtherCompression(ReadOnlySpan<byte> first) => first switch
    {
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => "xz",
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31, 0x41, 0x59, 0x26, ..] => "bzip2",
        [0x04, 0x22, 0x4D, 0x18, ..] => "lz4",
        [(byte)'P', (byte)'K', 3, 4, ..] => "zip",
        [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => "Parquet",
        _ => null,
    };

    private static bool IsZstd(ReadOnlySpan<byte> first) =>
        first.Length >= 4 && BinaryPrimitives.ReadUInt32LittleEndian(first) is var magic && (magic == ZstdMagic || (magic & ~15u) == SkippableMagic);
}
