namespace LongContext.Samples.Shared.Reporting;

/// <summary>A row: a value from 0 to 1 for each column, or null where there is none.</summary>
internal sealed record ReportLine(string Name, IReadOnlyList<double?> Values);
