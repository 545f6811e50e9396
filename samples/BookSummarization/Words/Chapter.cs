namespace LongContext.Samples.BookSummarization.Words;

/// <summary>A made-up chapter.</summary>
/// <param name="Text">Its paragraphs: a sign, the key sentence, words.</param>
/// <param name="Summary">The key sentences in order, each after its paragraph's sign.</param>
internal sealed record Chapter(string Text, string Summary);
