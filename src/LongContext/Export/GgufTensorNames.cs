using System.Globalization;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>llama.cpp's names of tensors.</summary>
internal static class GgufTensorNames
{
    public const string Embedding = "token_embd.weight";

    public const string FinalNorm = "output_norm.weight";

    public const string Head = "output.weight";

    private static readonly Dictionary<string, string> Parts = new(StringComparer.Ordinal)
    {
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
    };

    /// <summary>The name of a checkpoint's tensor.</summary>
    public static string Of(string name, BlockNorms norms)
    {
        if (name == DecoderTensors.Embedding) return Embedding;
        if (name == DecoderTensors.FinalNorm) return FinalNorm;
        if (name == DecoderTensors.Head) return Head;

        // model.layers.12.self_attn.q_proj.weight
        string[] words = name.Split('.');
        int layer = int.Parse(words[2], NumberStyles.None, CultureInfo.InvariantCulture);
        string part = string.Join('.', words[3..^1]);
        return $"blk.{layer}.{Norm(part, norms) ?? Parts[part]}.{words[^1]}";
    }

    /// <summary>One name means different places in different families, so that the place decides.</summary>
    private static string? Norm(string part, BlockNorms norms) =>
        part == norms.BeforeAttention ? "attn_norm"
        : part == norms.AfterAttention ? "post_attention_norm"
        : part == norms.BeforeMlp ? "ffn_norm"
        : part == norms.AfterMlp ? "post_ffw_norm"
        : null;
}
