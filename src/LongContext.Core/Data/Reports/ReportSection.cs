namespace LongContext.Data.Reports;

/// <summary>Further figures in a report: what a reader, a duplicate search or a cleaning counted.</summary>
/// <param name="Title">What they are of.</param>
/// <param name="Rows">Names and figures, in the order to show them.</param>
public sealed record ReportSection(string Title, IReadOnlyList<KeyValuePair<string, string>> Rows);
