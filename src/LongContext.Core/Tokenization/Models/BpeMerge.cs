namespace LongContext.Tokenization.Models;

/// <summary>A merge as ids: left and right become merged; lower ranks come first.</summary>
internal readonly record struct BpeMerge(int Left, int Right, int Rank, int Merged);
