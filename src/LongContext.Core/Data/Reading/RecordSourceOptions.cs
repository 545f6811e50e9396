using System.Text.Json;
using LongContext.Data.Tables;

namespace LongContext.Data.Reading;

/// <summary>How files are read as records.</summary>
public sealed class RecordSourceOptions
{
    /// <summary>
    /// The form in which all files are read, for files whose names do not say it (<c>part-00000</c>). A folder is searched for known extensions all the same, so name such files by a
    /// pattern (<c>data/part-*</c>). Default: null, each file's extension says it.
    /// </summary>
    public DataFileForm? Form { get; init; }

    /// <summary>What happens at a bad line. Default: it stops the reading.</summary>
    public BadLines BadLines { get; init; } = BadLines.Stop;

    /// <summary>With <see cref="BadLines.Skip"/>: the bad line after so many is thrown after all. Default 1,000; at least 0.</summary>
    public long MaximumBadLines { get; init; } = 1000;

    /// <summary>
    /// With <see cref="BadLines.Skip"/>: the share of bad lines above which one is thrown after all, looked at from the 1,000th line on.
    /// Default 0.05; 0 to 1.
    /// </summary>
    public double MaximumBadShare { get; init; } = 0.05;

    /// <summary>
    /// With <see cref="BadLines.Skip"/>: what is left of a file whose rest cannot be read (a cut or broken compressed file) is passed as one bad
    /// line. Default false: such a file stops the reading whatever <see cref="BadLines"/> says.
    /// </summary>
    public bool SkipBrokenFiles { get; init; }

    /// <summary>Called with each bad line that is passed, on the thread that reads. Default: none.</summary>
    public Action<DataFormatException>? OnBadLine { get; init; }

    /// <summary>How many bad lines' messages the report keeps. Default 20; 0 to 1,000.</summary>
    public int ReportedFaults { get; init; } = 20;

    /// <summary>
    /// The longest line, element or text in bytes (uncompressed); a longer one is a bad line, and is passed without being held in memory.
    /// Default 1,000,000,000; 1 to 1,000,000,000.
    /// </summary>
    public int MaximumRecordBytes { get; init; } = 1_000_000_000;

    /// <summary>
    /// The largest window of a zstd file in bytes, which is memory that reading takes: a power of two from 2¹⁰ to 2³¹. Default 2²⁷
    /// (128 MiB), what zstd's own tool takes unasked; files made with <c>--long=31</c> need 2³¹.
    /// </summary>
    public long MaximumZstdWindow { get; init; } = 1L << 27;

    /// <summary>What of a plain-text file is one record. Default: the whole file.</summary>
    public TextSplitting TextSplitting { get; init; } = TextSplitting.WholeFile;

    /// <summary>For <see cref="TextSplitting.Separator"/>: the text between records, for example <c>&lt;|endoftext|&gt;</c>; taken literally. Default: none.</summary>
    public string? TextSeparator { get; init; }

    /// <summary>How CSV, TSV and Parquet are read.</summary>
    public TableOptions Tables { get; init; } = new();

    /// <summary>
    /// Names what decides which records files have and what becomes of bad ones, for the <see cref="Caching.TokenCacheKey.Settings"/> of what is made of them. What is only reported
    /// or only costs memory is no part of it.
    /// </summary>
    public string Identity => string.Join("; ", Settings()
        .Append(("bad-lines", FormattableString.Invariant($"{BadLines}, broken files {(SkipBrokenFiles ? "passed" : "stop")}, records up to {MaximumRecordBytes} bytes")))
        .Select(setting => $"{setting.Item1}: {JsonEncodedText.Encode(setting.Item2)}"));

    /// <summary>What decides which records a file has: a state taken with others is refused.</summary>
    internal IEnumerable<(string Name, string Value)> Settings() =>
        [("form", Form?.ToString() ?? "by name"), ("text-splitting", TextSplitting.ToString()), ("text-separator", TextSeparator ?? ""), .. Tables.Settings()];

    /// <exception cref="ArgumentException">Options are out of range; the message lists all.</exception>
    internal void Validate()
    {
        List<string> faults = [];
        void Require(bool condition, string name, object? value, string expected)
        {
            if (!condition) faults.Add(FormattableString.Invariant($"{name} is {value}, expected {expected}"));
        }

        Require(Form is not { } form || Enum.IsDefined(form), nameof(Form), Form, "a value of the enumeration, or null");
        Require(Enum.IsDefined(BadLines), nameof(BadLines), BadLines, "a value of the enumeration");
        Require(Enum.IsDefined(TextSplitting), nameof(TextSplitting), TextSplitting, "a value of the enumeration");
        Require(MaximumBadLines >= 0, nameof(MaximumBadLines), MaximumBadLines, "0 or more");
        Require(MaximumBadShare is >= 0 and <= 1, nameof(MaximumBadShare), MaximumBadShare, "0 to 1");
        Require(ReportedFaults is >= 0 and <= 1000, nameof(ReportedFaults), ReportedFaults, "0 to 1000");
        Require(MaximumRecordBytes is >= 1 and <= 1_000_000_000, nameof(MaximumRecordBytes), MaximumRecordBytes, "1 to 1000000000");
        Require(
            MaximumZstdWindow is >= 1L << 10 and <= 1L << 31 && System.Numerics.BitOperations.IsPow2(MaximumZstdWindow),
            nameof(MaximumZstdWindow), MaximumZstdWindow, "a power of two from 2^10 to 2^31");
        Require(
            TextSplitting != TextSplitting.Separator || !string.IsNullOrEmpty(TextSeparator),
            nameof(TextSeparator), "empty", "the text between records, as TextSplitting is Separator");
        Require(
            TextSplitting == TextSplitting.Separator || TextSeparator is null,
            nameof(TextSeparator), "given", $"null, as TextSplitting is {TextSplitting} and does not look at it");
        if (Tables is null) faults.Add("Tables is null");
        else faults.AddRange(Tables.Faults());
        if (faults.Count > 0) throw new ArgumentException($"{nameof(RecordSourceOptions)}: {string.Join("; ", faults)}.");
    }
}
