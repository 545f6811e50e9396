namespace LongContext.Tokenization;

/// <summary>What a token of a vocabulary is for.</summary>
public enum TokenKind
{
    /// <summary>An ordinary piece of text.</summary>
    Normal,

    /// <summary>Stands for what the vocabulary lacks.</summary>
    Unknown,

    /// <summary>An added token marked as special, such as a beginning-of-sentence token; decoding can leave it out.</summary>
    Control,

    /// <summary>An added token that is ordinary text: recognised as a whole wherever it stands.</summary>
    Added,

    /// <summary>One byte, spelled &lt;0x00&gt; to &lt;0xFF&gt;, of a character that the vocabulary lacks (byte fallback).</summary>
    Byte,

    /// <summary>No token has this id.</summary>
    Unused,
}
