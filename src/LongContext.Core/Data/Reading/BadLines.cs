namespace LongContext.Data.Reading;

/// <summary>What happens at a line (row, element) that cannot be read or that the map refuses.</summary>
public enum BadLines
{
    /// <summary>The fault is thrown; the source stands before the line.</summary>
    Stop,

    /// <summary>It is counted, reported and passed, as long as there are few (see <see cref="RecordSourceOptions.MaximumBadLines"/>).</summary>
    Skip,
}
