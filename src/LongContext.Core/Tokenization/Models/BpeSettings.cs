namespace LongContext.Tokenization.Models;

/// <summary>The switches of a BPE model.</summary>
internal sealed class BpeSettings
{
    /// <summary>In place of an id: there is none.</summary>
    public const int None = -1;

    public string? UnknownToken { get; init; }

    /// <summary><see cref="None"/> without an unknown token: what the vocabulary lacks is then left out.</summary>
    public int UnknownId { get; init; } = None;

    /// <summary>Neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>A word that is a piece is that piece, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Ids of the pieces &lt;0x00&gt; to &lt;0xFF&gt;, for characters that the vocabulary lacks; null without byte fallback.</summary>
    public int[]? ByteIds { get; init; }

    /// <summary>Stands before each character of a word but the first, as ## in "##a"; empty for nothing.</summary>
    public string ContinuingPrefix { get; init; } = "";

    /// <summary>Stands behind the last character of a word, as in "a&lt;/w&gt;"; empty for nothing.</summary>
    public string EndSuffix { get; init; } = "";

    public bool HasAffixes => ContinuingPrefix.Length + EndSuffix.Length > 0;

    /// <summary>The ids of the 256 byte pieces. Some may be missing; a character that needs them is then unknown.</summary>
    public static int[] FindByteIds(Vocabulary vocabulary)
    {
        var ids = new int[256];
        for (int value = 0; value < 256; value++) ids[value] = vocabulary.TryGetId($"<0x{value:X2}>", out int id) ? id : None;
        return ids;
    }
}
