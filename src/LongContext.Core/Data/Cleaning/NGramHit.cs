namespace LongContext.Data.Cleaning;

/// <summary>An n-gram of the index, by number, and where it stands in a text.</summary>
internal readonly record struct NGramHit(int NGram, int Start, int End);
