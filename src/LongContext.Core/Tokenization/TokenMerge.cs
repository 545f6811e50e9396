namespace LongContext.Tokenization;

/// <summary>A merge of byte-pair encoding: two neighbouring pieces that become one.</summary>
/// <param name="Left">The left piece, as the vocabulary spells it.</param>
/// <param name="Right">The right piece.</param>
public readonly record struct TokenMerge(string Left, string Right);
