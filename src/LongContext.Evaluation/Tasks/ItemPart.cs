using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>A part of a task's items.</summary>
/// <param name="Length">The length in tokens that they are made for, or null.</param>
/// <param name="Count">How many there are, or null where that is not known.</param>
/// <param name="CreateItems">Makes them.</param>
internal sealed record ItemPart(int? Length, int? Count, Func<Tokenizer, IEnumerable<EvaluationItem>> CreateItems);
