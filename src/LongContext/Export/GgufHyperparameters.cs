using LongContext.Checkpoints;
using LongContext.Gguf;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>Sizes, norms, windows, caps and multipliers as metadata.</summary>
internal static class GgufHyperparameters
{
    /// <summary>The version of the block formats that <c>general.quantization_version</c> states.</summary>
    private const uint QuantizationVersion = 2;

    public static void WriteGeneral(GgufMetadata metadata, GgufArchitecture architecture, string name, GgufTensorType type)
    {
        metadata.Set("general.architecture", architecture.Name);
        metadata.Set("general.type", "model");
        metadata.Set("general.name", name);
        metadata.Set("general.file_type", type switch
        {
            GgufTensorType.Float32 => 0u,
            GgufTensorType.Float16 => 1u,
            GgufTensorType.Q4_0 => 2u,
            GgufTensorType.Q8_0 => 7u,
            _ => 32u,
        });
        metadata.Set("general.quantization_version", QuantizationVersion);
    }

    public static void Write(GgufMetadata metadata, GgufArchitecture architecture, ModelConfig config, DecoderShape shape)
    {
        Set("context_length", (uint)config.MaxPositionEmbeddings);
        Set("embedding_length", (uint)shape.HiddenSize);
        Set("block_count", (uint)shape.LayerCount);
        Set("feed_forward_length", (uint)shape.IntermediateSize);
        Set("vocab_size", (uint)shape.VocabularySize);
        Set("attention.head_count", (uint)shape.HeadCount);
        Set("attention.head_count_kv", (uint)shape.KeyValueHeadCount);
        Set("attention.key_length", (uint)shape.HeadDimension);
        Set("attention.value_length", (uint)shape.HeadDimension);
        Set("attention.layer_norm_rms_epsilon", (float)shape.Norm.Epsilon);
        if (shape.AttentionSoftCap is { } cap) Set("attn_logit_softcapping", (float)cap);
        if (shape.LogitSoftCap is { } last) Set("final_logit_softcapping", (float)last);
        if (architecture.HasMultipliers)
        {
            Set("embedding_scale", (float)shape.EmbeddingScale);
            Set("residual_scale", (float)shape.ResidualScale);
            Set("attention.scale", (float)AttentionScale(shape));
            Set("logit_scale", (float)(1 / shape.LogitScale)); // llama.cpp divides by it
        }

        if (architecture.WindowPeriod is { } usual && GgufWindows.Find(shape) is { } windows)
        {
            // A window as long as the context is none, for a family that llama.cpp gives one in any case.
            int? window = windows.Window ?? (architecture.AlwaysHasWindows ? config.MaxPositionEmbeddings : null);
            if (window is { } tokens) Set("attention.sliding_window", (uint)tokens);
            if (windows.Window is not null && windows.Period != usual) Set("attention.sliding_window_pattern", (uint)windows.Period);
        }

        void Set(string key, object value) => metadata.Set($"{architecture.Name}.{key}", value);
    }

    /// <summary>What queries are to be multiplied by, because llama.cpp takes the scale of attention from other numbers; 1 for nothing.</summary>
    public static double QueryFactor(GgufArchitecture architecture, DecoderShape shape)
    {
        if (architecture.HasMultipliers) return 1;
        double taken = architecture.LayersWithScaleOfHidden == shape.LayerCount
            ? 1 / Math.Sqrt(shape.HiddenSize / shape.HeadCount)
            : 1 / Math.Sqrt(shape.HeadDimension);
        double factor = AttentionScale(shape) / taken;
        return Math.Abs(factor - 1) < 1e-9 ? 1 : factor;
    }

    private static double AttentionScale(DecoderShape shape) => shape.AttentionScale ?? (1 / Math.Sqrt(shape.HeadDimension));
}
