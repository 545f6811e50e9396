namespace LongContext.Data;

/// <summary>A source and its share in a mixture.</summary>
/// <param name="Source">Where the sequences come from.</param>
/// <param name="Weight">
/// The chance that a draw falls on this source, relative to the other weights; positive. It counts sequences, not tokens.
/// </param>
public sealed record WeightedSequenceSource(ISequenceSource Source, double Weight);
