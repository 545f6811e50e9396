using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>An example that a filter left out.</summary>
/// <param name="Origin">Where it was read; null for one that was made.</param>
/// <param name="Fault">The rule that it failed.</param>
/// <param name="Beginning">Up to 200 characters of its text.</param>
public sealed record FilteredExample(RecordOrigin? Origin, FilterFault Fault, string Beginning);
