namespace LongContext.Samples.MultiDocumentQA.Words;

/// <summary>A made-up document.</summary>
/// <param name="Title">A sign, which several documents share, and a word, which is no other document's.</param>
/// <param name="Text">Its words; those that answer come first.</param>
/// <param name="Answer">What is asked for by the title.</param>
internal sealed record Passage(string Title, string Text, string Answer);
