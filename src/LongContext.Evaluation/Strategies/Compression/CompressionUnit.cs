namespace LongContext.Evaluation.Strategies.Compression;

/// <summary>What is kept or dropped as one.</summary>
public enum CompressionUnit
{
    /// <summary>A token of the scoring model; where several make up one character, all of them.</summary>
    Tokens,

    /// <summary>A word with the white space after it; of scripts without spaces a letter.</summary>
    Words,

    /// <summary>A sentence with the white space after it.</summary>
    Sentences,
}
