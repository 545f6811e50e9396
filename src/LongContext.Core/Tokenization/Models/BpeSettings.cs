namespace LongContext.Tokenization.Models;

/// <summary>The switches of a BPE model.</summary>
internal sealed class BpeSettings
{
    public string? UnknownToken { get; init; }

    /// <summary>−1 without an unknown token: what the vocabulary lacks is then left out.</summary>
    public int UnknownId { get; init; } = -1;

    /// <summary>Neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>A word that is a piece is that piece, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Ids of the pieces &lt;0x00&gt; to &lt;0xFF&gt;, for characters that the vocabulary lacks; null without byte fallback.</summary>
    public int[]? ByteIds { get; init; }
}
