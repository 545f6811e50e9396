using LongContext.Data.Examples;

namespace LongContext.Data.Reports;

/// <summary>One of the longest sequences.</summary>
/// <param name="Number">Its number in the source, from 0.</param>
/// <param name="Origin">Where it was read; null where that is not known.</param>
/// <param name="Tokens">Its tokens.</param>
public sealed record LongSequence(long Number, RecordOrigin? Origin, int Tokens);
