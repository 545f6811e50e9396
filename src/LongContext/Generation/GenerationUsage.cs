namespace LongContext.Generation;

/// <summary>What a request has used, told while it runs.</summary>
internal sealed class GenerationUsage
{
    /// <summary>Tokens of the prompt whose keys and values were there already; null where nobody keeps any.</summary>
    public int? ReusedTokens { get; set; }
}
