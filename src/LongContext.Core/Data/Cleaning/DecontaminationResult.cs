using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>What is left of an example, and why.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="Examples">Itself, its pieces (of the same origin), or nothing.</param>
/// <param name="Matches">The n-grams found in it, those that are too frequent left out.</param>
public sealed record DecontaminationResult(DecontaminationOutcome Outcome, IReadOnlyList<TrainingExample> Examples, IReadOnlyList<NGramMatch> Matches);
