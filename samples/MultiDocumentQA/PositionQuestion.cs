namespace LongContext.Samples.MultiDocumentQA;

/// <summary>A question under its documents, ready to be asked.</summary>
/// <param name="Prompt">Everything up to the answer.</param>
/// <param name="Answers">Right answers, any of which will do; at least one.</param>
internal sealed record PositionQuestion(string Prompt, IReadOnlyList<string> Answers);
