using System.Text.Json.Serialization;

namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>One way of extending, measured at each length.</summary>
internal sealed record ReportRow
{
    public required string Name { get; init; }

    /// <summary>One for each length, of the form that asks for words after a marker; null where the job has no repetition task.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<double>? LevenshteinRatio { get; init; }

    /// <summary>The same for the form that asks for the last words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<double>? LevenshteinRatioLastWords { get; init; }

    public required List<double> Perplexity { get; init; }

    /// <summary>One for each length; null where text has no bytes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public List<double>? PerplexityPerByte { get; init; }
}
