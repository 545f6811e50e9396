namespace LongContext.Tokenization.Patterns;

/// <summary>How the word patterns of the GPT family differ.</summary>
/// <param name="Gpt2">GPT-2's: contractions in lower case only, a blank before letters, numbers and signs alike, no line ends of their own.</param>
/// <param name="MostDigits">The longest run of numbers.</param>
internal readonly record struct WordRule(bool Gpt2, int MostDigits);
