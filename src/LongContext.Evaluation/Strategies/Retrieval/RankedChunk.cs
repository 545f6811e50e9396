namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>A passage that was found.</summary>
/// <param name="Index">Which of the passages, from 0.</param>
/// <param name="Score">How well it fits, in the retriever's own measure; the order of the list is what counts.</param>
public readonly record struct RankedChunk(int Index, double Score);
