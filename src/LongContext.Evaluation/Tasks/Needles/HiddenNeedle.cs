namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>One of several needles.</summary>
/// <param name="Text">What is hidden.</param>
/// <param name="KeyPhrase">What an answer must hold to show that it was found.</param>
public sealed record HiddenNeedle(string Text, string KeyPhrase);
