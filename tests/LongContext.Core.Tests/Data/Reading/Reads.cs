using System.IO.Compression;
using System.Text;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace LongContext.Data.Reading;

/// <summary>Reading small files whole, and making them.</summary>
internal static class Reads
{
    /// <summary>Lines of JSON with a number and a text each, not two of the same length.</summary>
    public static string[] JsonLines(int count) => [.. Enumerable.Range(0, count).Select(i => $$"""{"n":{{i}},"text":"{{new string((char)('a' + (i % 26)), i % 97)}}é😀"}""")];

    public static byte[] Utf8(this string text) => Encoding.UTF8.GetBytes(text);

    public static byte[] Gzip(this byte[] text, CompressionLevel level = CompressionLevel.Fastest)
    {
        using MemoryStream file = new();
        using (GZipStream gzip = new(file, level)) gzip.Write(text);
        return file.ToArray();
    }

    public static byte[] Zstd(this byte[] text, int level = 1)
    {
        using Compressor compressor = new(level);
        compressor.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        return compressor.Wrap(text).ToArray();
    }

    /// <summary>The record's number and what it holds, as JSON.</summary>
    public static string Shown(this DataRecord record) => $"{record.Origin.Number}:{record.Fields.ToJsonString()}";

    public static string Text(this DataRecord record) => record.Fields["text"]!.GetValue<string>();

    public static List<T> All<T>(this IDataSource<T> source, int most = int.MaxValue)
        where T : class
    {
        List<T> all = [];
        while (all.Count < most && source.Next() is { } item) all.Add(item);
        return all;
    }

    /// <summary>The texts of a file's records.</summary>
    public static string[] Texts(string path, RecordSourceOptions? options = null)
    {
        using RecordSource<string> source = RecordSource.FromFiles([path], Text, options);
        return [.. source.All()];
    }

    public static DataFormatException Fault(string path, RecordSourceOptions? options = null) => Assert.Throws<DataFormatException>(() => Texts(path, options));
}
