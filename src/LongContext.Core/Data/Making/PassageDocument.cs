namespace LongContext.Data.Making;

/// <summary>One document among those that a question is asked about.</summary>
/// <param name="Title">Its title; may be empty.</param>
/// <param name="Text">Its text.</param>
/// <param name="HoldsAnswer">Whether the answer is in it; null where nobody said.</param>
public sealed record PassageDocument(string Title, string Text, bool? HoldsAnswer = null);
