namespace LongContext.Data.Reports;

/// <summary>Sequences of similar lengths.</summary>
/// <param name="From">The least tokens, a power of two.</param>
/// <param name="To">The most tokens: one less than the next power of two.</param>
/// <param name="Sequences">How many there are.</param>
/// <param name="Tokens">Their tokens.</param>
public sealed record LengthBucket(int From, int To, long Sequences, long Tokens);
