namespace LongContext.Data.Cleaning;

/// <summary>An n-gram of an evaluation that stands in a text.</summary>
/// <param name="Start">Where its first word begins in the text, in UTF-16 units.</param>
/// <param name="End">Where its last word ends.</param>
/// <param name="NGram">Its normalised words, one space between them.</param>
/// <param name="Set">The evaluation; the first that has it, where several do.</param>
/// <param name="Instance">The instance.</param>
public sealed record NGramMatch(int Start, int End, string NGram, string Set, string Instance);
