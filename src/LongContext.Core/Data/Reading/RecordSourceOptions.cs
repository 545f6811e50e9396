namespace LongContext.Data.Reading;

/// <summary>How files are read as records.</summary>
public sealed class RecordSourceOptions
{
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
}
