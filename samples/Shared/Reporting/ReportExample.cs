namespace LongContext.Samples.Shared.Reporting;

/// <summary>One case: what was asked, what is right, what was said.</summary>
internal sealed record ReportExample(string Name, IReadOnlyDictionary<string, string> Texts);
