namespace LongContext.Models;

/// <summary>
/// The norms of a layer by the last part of their checkpoint names; null where there is none. Attention and MLP each may have one
/// before (on what they read) and one after (on what they add).
/// </summary>
internal sealed record BlockNorms(string? BeforeAttention, string? AfterAttention, string? BeforeMlp, string? AfterMlp)
{
    /// <summary>Llama's: before attention, before the MLP.</summary>
    public static BlockNorms BeforeEach { get; } = new("input_layernorm", null, "post_attention_layernorm", null);

    /// <summary>OLMo 2's: after each.</summary>
    public static BlockNorms AfterEach { get; } = new(null, "post_attention_layernorm", null, "post_feedforward_layernorm");

    /// <summary>Gemma 2's and 3's: on both sides of each.</summary>
    public static BlockNorms AroundEach { get; } =
        new("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm");
}
