using System.Text;

namespace LongContext.Data.Reading;

/// <summary>What a source has read so far, the parts before a resumption included.</summary>
public sealed class ReadingReport
{
    internal ReadingReport()
    {
    }

    /// <summary>Files there are.</summary>
    public required int Files { get; init; }

    /// <summary>Files read to their end.</summary>
    public required int FilesRead { get; init; }

    /// <summary>Bytes of all files as they lie on the disk.</summary>
    public required long Bytes { get; init; }

    /// <summary>Bytes of them read, to about a buffer's size.</summary>
    public required long BytesRead { get; init; }

    /// <summary>Records given.</summary>
    public required long Records { get; init; }

    /// <summary>Records that the map left out by giving null.</summary>
    public required long LeftOut { get; init; }

    /// <summary>Bad lines passed.</summary>
    public required long BadLines { get; init; }

    /// <summary>The messages of the first bad lines, as many as <see cref="RecordSourceOptions.ReportedFaults"/> says.</summary>
    public required IReadOnlyList<string> Faults { get; init; }

    /// <summary>All of it as text, a line each.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        text.Append(FormattableString.Invariant($"{FilesRead} of {Files} files, {BytesRead:N0} of {Bytes:N0} bytes: "));
        text.Append(FormattableString.Invariant($"{Records:N0} records, {LeftOut:N0} left out, {BadLines:N0} bad lines passed"));
        foreach (string fault in Faults) text.Append("\n  ").Append(fault);
        if (BadLines > Faults.Count && Faults.Count > 0) text.Append(FormattableString.Invariant($"\n  and {BadLines - Faults.Count:N0} more"));
        return text.ToString();
    }
}
