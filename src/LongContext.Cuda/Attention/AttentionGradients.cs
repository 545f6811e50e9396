namespace LongContext.Cuda.Attention;

/// <summary>The rows of a backward pass: what comes in and what it writes.</summary>
/// <param name="Output">∂o [tokens, heads, size], read.</param>
/// <param name="Q">∂q [tokens, heads, size], written.</param>
/// <param name="K">∂k [keys, keyHeads, size], written.</param>
/// <param name="V">∂v [keys, keyHeads, size], written.</param>
internal readonly record struct AttentionGradients(AttentionRows Output, AttentionRows Q, AttentionRows K, AttentionRows V);
