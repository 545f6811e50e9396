namespace LongContext.Tokenization.Patterns;

/// <summary>The options in force at a place of a pattern.</summary>
internal readonly record struct PatternOptions(bool IgnoreCase, bool DotAll);
