namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>What passages are measured in.</summary>
public enum ChunkUnit
{
    /// <summary>Characters: code points.</summary>
    Characters,

    /// <summary>Words: what stands between white space, with the white space after it. Text without spaces is better measured in characters.</summary>
    Words,

    /// <summary>Tokens of the model that is asked, as they lie in the whole text.</summary>
    Tokens,
}
