namespace LongContext.Generation;

/// <summary>A part of an engine's memory.</summary>
/// <param name="Name">What it is, for people.</param>
/// <param name="Bytes">Its bytes.</param>
public sealed record GenerationMemoryItem(string Name, long Bytes);
