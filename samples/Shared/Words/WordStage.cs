namespace LongContext.Samples.Shared.Words;

/// <summary>A part of the training data.</summary>
/// <param name="Share">Its share of the tokens.</param>
/// <param name="Lengths">Lengths of its sequences, any of them as often as any other.</param>
/// <param name="Copies">How many of its sequences are plain rows to copy, 0 to 1.</param>
internal sealed record WordStage(double Share, IReadOnlyList<int> Lengths, double Copies);
