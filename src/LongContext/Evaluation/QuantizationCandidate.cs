using LongContext.Models;

namespace LongContext.Evaluation;

/// <summary>A model to compare: the original, or a quantised one.</summary>
/// <param name="Name">Its name in the report.</param>
/// <param name="Load">Loads it when its turn comes, so that one model is in memory at a time; it is disposed of after its turn.</param>
public sealed record QuantizationCandidate(string Name, Func<CausalLanguageModel> Load);
