namespace LongContext.Tokenization.Patterns;

/// <summary>
/// How much patterns may do on one text, all its places and pieces together. A pattern's work on a text grows with the text's length in every published tokenizer; one whose work grows faster, by a hostile file or on a
/// hostile text, ends in an exception instead of hours.
/// </summary>
internal sealed class PatternBudget
{
    // A step is an instruction or a code point of a run, some nanoseconds. Published patterns take 5 to 30 a character; under \s+$, which some files have and which looks at each blank's whole rest, a run of 22,000 blanks takes what is free.
    private const long Free = 500_000_000;
    private const long PerCharacter = 1_000;

    /// <param name="length">The text's length in characters.</param>
    public PatternBudget(int length) => Reset(length);

    /// <summary>Steps that are left.</summary>
    public long Left { get; set; }

    /// <summary>Begins anew with a text.</summary>
    /// <param name="length">Its length in characters.</param>
    public void Reset(int length) => Left = Free + (PerCharacter * length);
}
