namespace LongContext.Generation;

/// <summary>What a request has used, told while it runs.</summary>
internal sealed class GenerationUsage
{
    /// <summary>Tokens of the prompt whose keys and values were there already; null where nobody keeps any.</summary>
    public int? ReusedTokens { get; set; }

    /// <summary>The prompt's tokens with their log-probabilities; null where nobody asked.</summary>
    public IReadOnlyList<PromptToken>? PromptDetails { get; set; }

    /// <summary>The token that ended the answer, known at the end; null where none did, or nobody says.</summary>
    public GeneratedToken? StopToken { get; set; }

    /// <summary>Why the answer ended, known at the end; null where nobody says.</summary>
    public GenerationFinishReason? FinishReason { get; set; }

    /// <summary>Whether what was read so far is a whole answer, said by the reader before it stops reading; else stopping early gives the request up.</summary>
    public bool IsEnough { get; set; }

    /// <summary>Time between the first token and the last, known at the end; null where nobody says.</summary>
    public TimeSpan? TimeAfterFirst { get; set; }

    /// <summary>Tokens whose keys and values were dropped, at most at once; known at the end.</summary>
    public int DroppedTokens { get; set; }
}
