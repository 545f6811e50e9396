namespace LongContext.Chat;

/// <summary>Where an assistant's turn stands in a rendered conversation, in characters (UTF-16 units).</summary>
/// <param name="Turn">Index of the turn in the conversation.</param>
/// <param name="Start">The first character of the answer: where the generation prompt with the same options would end.</param>
/// <param name="ContentEnd">One past the last character of the content and of the calls behind it.</param>
/// <param name="End">
/// One past the end-of-turn token, which belongs to the answer; equal to <paramref name="ContentEnd"/> in a text that stops there.
/// </param>
public readonly record struct AssistantSpan(int Turn, int Start, int ContentEnd, int End);
