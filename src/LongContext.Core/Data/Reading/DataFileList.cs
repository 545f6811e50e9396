using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace LongContext.Data.Reading;

/// <summary>The files of a source with their sizes, by which a state knows them again.</summary>
internal sealed class DataFileList
{
    private readonly long[] sizes;
    private readonly string fingerprint;
    private readonly int shared; // characters of the folder that all files share

    public DataFileList(IReadOnlyList<string> paths)
    {
        Paths = paths;
        sizes = [.. paths.Select(path => new FileInfo(path).Length)];
        XxHash128 hash = new();
        // By their names below the folder they share, so that the data may move from one disk to another.
        shared = SharedFolder(paths).Length;
        for (int i = 0; i < sizes.Length; i++)
        {
            string name = Name(i);
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<long>([sizes[i], name.Length])));
            hash.Append(MemoryMarshal.AsBytes(name.AsSpan()));
        }

        fingerprint = Convert.ToHexStringLower(hash.GetCurrentHash());
    }

    public IReadOnlyList<string> Paths { get; }

    public int Count => sizes.Length;

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes => BytesBefore(Count);

    /// <summary>The file's name below the folder that all share, with slashes.</summary>
    public string Name(int index) => Paths[index][shared..].Replace(Path.DirectorySeparatorChar, '/');

    public long Size(int index) => sizes[index];

    /// <summary>Bytes of the files before one.</summary>
    public long BytesBefore(int index)
    {
        long bytes = 0;
        foreach (long size in sizes.AsSpan(0, index)) bytes += size;
        return bytes;
    }

    /// <summary>What a state must have been taken with.</summary>
    public (string Name, string Value)[] Settings() =>
    [
        ("files", Count.ToString(CultureInfo.InvariantCulture)),
        ("bytes", TotalBytes.ToString(CultureInfo.InvariantCulture)),
        ("names-and-sizes", fingerprint),
    ];

    private static string SharedFolder(IReadOnlyList<string> paths)
    {
        string shared = paths[0];
        foreach (string path in paths) shared = shared[..shared.AsSpan().CommonPrefixLength(path)];
        return shared[..(shared.LastIndexOf(Path.DirectorySeparatorChar) + 1)];
    }
}
