namespace LongContext.Tests.Export;

/// <summary>A beginning, and how many tokens are wanted after it.</summary>
internal sealed record LlamaCppPrompt(int[] Ids, int Count);
