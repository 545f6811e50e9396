namespace LongContext.Models;

/// <summary>Norms on queries and keys before they are rotated.</summary>
internal enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary>Over each head, one weight of the head's size for all (Qwen 3, Gemma 3).</summary>
    PerHead,

    /// <summary>Over all heads of a token together (OLMo 2).</summary>
    AllHeads,
}
