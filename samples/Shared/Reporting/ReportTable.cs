using System.Text.Json.Serialization;

namespace LongContext.Samples.Shared.Reporting;

/// <summary>One table, and the chart that is drawn of it.</summary>
internal sealed record ReportTable
{
    public required string Name { get; init; }

    /// <summary>What the rows' names are, for example "documents".</summary>
    public required string RowsAre { get; init; }

    public required IReadOnlyList<string> Columns { get; init; }

    /// <summary>How many of the columns, from the first on, are points of the chart's lines; those after them stand in the table alone.</summary>
    [JsonIgnore]
    public int ChartColumns { get; init; }

    public List<ReportLine> Rows { get; init; } = [];
}
