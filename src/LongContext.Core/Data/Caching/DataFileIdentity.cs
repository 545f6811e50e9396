using System.Globalization;
using System.IO.Hashing;

namespace LongContext.Data.Caching;

/// <summary>A data file, as far as a cache of its tokens is concerned.</summary>
/// <param name="Name">The file's name without its folder: a data set that was moved is the same data.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Stamp">Its time of change or a hash of its content, with a word before it that says which.</param>
public sealed record DataFileIdentity(string Name, long Length, string Stamp)
{
    /// <summary>Looks at a file.</summary>
    /// <param name="path">The file; links are followed.</param>
    /// <param name="stamp">By what it is known. Default: <see cref="DataFileStamp.ModificationTime"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static DataFileIdentity Of(string path, DataFileStamp stamp = DataFileStamp.ModificationTime)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (!Enum.IsDefined(stamp)) throw new ArgumentOutOfRangeException(nameof(stamp), stamp, "Expected ModificationTime or Content.");
        // Of the file itself: a link's own size and time say nothing of the data.
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1);
        string name = Path.GetFileName(path);
        if (stamp == DataFileStamp.ModificationTime)
            return new(name, stream.Length, "changed " + File.GetLastWriteTimeUtc(stream.SafeFileHandle).ToString("O", CultureInfo.InvariantCulture));
        XxHash128 hash = new();
        hash.Append(stream);
        return new(name, stream.Length, "xxh128 " + Convert.ToHexStringLower(hash.GetCurrentHash()));
    }

    /// <summary>Looks at files, in the order given: another order is other data.</summary>
    /// <param name="paths">The files.</param>
    /// <param name="stamp">By what they are known. Default: <see cref="DataFileStamp.ModificationTime"/>.</param>
    /// <exception cref="FileNotFoundException">One of them is not there.</exception>
    /// <exception cref="IOException">One of them cannot be read.</exception>
    public static IReadOnlyList<DataFileIdentity> OfAll(IEnumerable<string> paths, DataFileStamp stamp = DataFileStamp.ModificationTime)
    {
        ArgumentNullException.ThrowIfNull(paths);
        return [.. paths.Select(path => Of(path, stamp))];
    }
}
