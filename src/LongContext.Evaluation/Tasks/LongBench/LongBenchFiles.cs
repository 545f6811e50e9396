using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>Finds the files of LongBench's data sets: one file of a data set's name, or a folder of that name.</summary>
internal sealed class LongBenchFiles
{
    private static readonly string[] Extensions = [".jsonl", ".ndjson", ".json-lines", ".json", ".parquet"];

    private readonly string folder;
    private readonly ILookup<string, string> files;

    /// <summary>Looks into a folder.</summary>
    /// <exception cref="DirectoryNotFoundException">It is not there.</exception>
    public LongBenchFiles(string folder)
    {
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"There is no folder {folder}.");
        this.folder = folder;
        files = Directory.GetFiles(folder).Where(IsData).ToLookup(path => RecordFormats.WithoutExtension(Path.GetFileName(path)), StringComparer.Ordinal);
    }

    /// <summary>The files of a data set, in order; none where there are none.</summary>
    /// <param name="name">The data set's name, with "_e" behind it where it is one of LongBench-E.</param>
    /// <exception cref="IOException">More than one might be meant.</exception>
    public IReadOnlyList<string> Find(string name)
    {
        string inner = Path.Combine(folder, name);
        List<IReadOnlyList<string>> found = [.. files[name].Order(StringComparer.Ordinal).Select(path => new[] { path })];
        if (Directory.Exists(inner) && Directory.EnumerateFiles(inner, "*", SearchOption.AllDirectories).Where(IsData).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } parts) found.Add(parts);
        return found.Count <= 1 ? [.. found.SelectMany(paths => paths)]
            : throw new IOException($"The data of {name} may be {string.Join(" or ", found.Select(paths => paths.Count == 1 ? paths[0] : inner))}, expected one of them.");
    }

    /// <summary>What to say of a data set that is not there.</summary>
    public string Missing(string name)
    {
        string zip = Path.Combine(folder, "data.zip");
        return $"There is no {name}.jsonl (or .json or .parquet, compressed or not, or a folder of that name) in {folder}."
            + (File.Exists(zip) ? $" Unpack {zip} there." : " LongBench's data are data.zip of huggingface.co/datasets/THUDM/LongBench, unpacked.");
    }

    private static bool IsData(string path) => Extensions.Contains(RecordFormats.Extension(path), StringComparer.Ordinal);
}
