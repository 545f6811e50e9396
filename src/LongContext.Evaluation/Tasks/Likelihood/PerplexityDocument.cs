namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>A text whose perplexity is measured.</summary>
/// <param name="Id">Names it, one name a document.</param>
/// <param name="Text">The text.</param>
public sealed record PerplexityDocument(string Id, string Text);
