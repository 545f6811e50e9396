using LongContext.Data;
using LongContext.Data.Reading;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>
/// LongBench v2 (Bai et al. 2024, arXiv:2412.15204) from the benchmark's files on the user's disk: 503 questions with four choices, asked and scored as pred.py and result.py
/// do (THUDM/LongBench 2e00731).
/// </summary>
public static class LongBenchV2
{
    private static readonly string[] Extensions = [".json", ".jsonl", ".ndjson", ".json-lines", ".parquet"];

    /// <summary>LongBench v2 as a task. Every record is read and checked once.</summary>
    /// <param name="path">
    /// The data file, a JSON array (data.json of huggingface.co/datasets/THUDM/LongBench-v2), lines of JSON or Parquet, compressed or not; or a folder with one such file named
    /// "data".
    /// </param>
    /// <param name="options">How it is asked. Default: that of <see cref="LongBenchV2Options"/>.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="FileNotFoundException">The data or a prompt is not there.</exception>
    /// <exception cref="IOException">Several files might be meant.</exception>
    /// <exception cref="DataFormatException">A file holds something else than expected; the message names file, line and field.</exception>
    public static LongBenchV2Task Load(string path, LongBenchV2Options? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        options ??= new LongBenchV2Options();
        options.Validate();
        string file = FindData(Path.GetFullPath(path));
        string prompts = options.PromptFolder is { } given ? Path.GetFullPath(given) : Path.Combine(Path.GetDirectoryName(file)!, "prompts");
        return new LongBenchV2Task(file, prompts, options, cancellationToken);
    }

    private static string FindData(string path)
    {
        if (File.Exists(path)) return path;
        if (!Directory.Exists(path)) throw new FileNotFoundException($"There is no {path}; expected LongBench v2's data file, or the folder with it.");
        string[] found = [.. Directory.GetFiles(path).Where(file => Extensions.Contains(RecordFormats.Extension(file), StringComparer.Ordinal) && RecordFormats.WithoutExtension(Path.GetFileName(file)) == "data").Order(StringComparer.Ordinal)];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new FileNotFoundException($"There is no data.json (or .jsonl or .parquet, compressed or not) in {path}; name LongBench v2's data file itself where it is called otherwise."),
            _ => throw new IOException($"LongBench v2's data may be {string.Join(" or ", found)}; name the file that is meant."),
        };
    }
}
