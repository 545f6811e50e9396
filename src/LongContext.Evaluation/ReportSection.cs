namespace LongContext.Evaluation;

/// <summary>A table of a report beside those that all have: what a benchmark states over its tasks.</summary>
public sealed record ReportSection
{
    /// <summary>Its title. Required.</summary>
    public required string Title { get; init; }

    /// <summary>What the reader should know of it, or null (the default).</summary>
    public string? Remark { get; init; }

    /// <summary>The columns' names. Required.</summary>
    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>How many of the columns, from the first, hold names; the others hold figures. Default: 1.</summary>
    public int NameColumns { get; init; } = 1;

    /// <summary>The rows, each with a text for each column. Required.</summary>
    public required IReadOnlyList<IReadOnlyList<string>> Rows { get; init; }
}
