using System.Text.Json;
using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>model_type <c>llama</c>: Llama 2 and 3 and the many models that use their architecture.</summary>
internal static class LlamaFamily
{
    public const string ModelType = "llama";

    /// <exception cref="NotSupportedException">An activation other than SiLU, or rotary embedding of a part of each head, or quantised weights.</exception>
    public static DecoderShape Read(ModelConfig config)
    {
        if (config.HiddenActivation != "silu")
            throw new NotSupportedException($"config.json: hidden_act is '{config.HiddenActivation}', but a llama has 'silu'.");
        using (JsonDocument json = JsonDocument.Parse(config.ToJson()))
        {
            if (json.RootElement.TryGetProperty("quantization_config", out JsonElement quantization) && quantization.ValueKind != JsonValueKind.Null)
                throw new NotSupportedException("config.json has a quantization_config: quantised weights are not supported yet.");
        }

        if (config.PartialRotaryFactor != 1)
            throw new NotSupportedException($"config.json: partial_rotary_factor is {config.PartialRotaryFactor}; only 1 is supported yet.");
        return new DecoderShape
        {
            VocabularySize = config.VocabularySize,
            HiddenSize = config.HiddenSize,
            IntermediateSize = config.IntermediateSize,
            LayerCount = config.LayerCount,
            HeadCount = config.HeadCount,
            KeyValueHeadCount = config.KeyValueHeadCount,
            HeadDimension = config.HeadDimension,
            RmsNormEpsilon = config.RmsNormEpsilon,
            AttentionBias = config.AttentionBias,
            MlpBias = config.MlpBias,
            TieWordEmbeddings = config.TieWordEmbeddings,
        };
    }

    /// <summary>Names and shapes of the checkpoint's tensors, in the order of the forward pass.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Tensors(DecoderShape shape)
    {
        long hidden = shape.HiddenSize, queries = (long)shape.HeadCount * shape.HeadDimension, keys = (long)shape.KeyValueHeadCount * shape.HeadDimension;
        yield return ("model.embed_tokens.weight", [shape.VocabularySize, hidden]);
        for (int i = 0; i < shape.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            yield return (layer + "input_layernorm.weight", [hidden]);
            foreach (var tensor in Linear(layer + "self_attn.q_proj", queries, hidden, shape.AttentionBias)) yield return tensor;
            foreach (var tensor in Linear(layer + "self_attn.k_proj", keys, hidden, shape.AttentionBias)) yield return tensor;
            foreach (var tensor in Linear(layer + "self_attn.v_proj", keys, hidden, shape.AttentionBias)) yield return tensor;
            foreach (var tensor in Linear(layer + "self_attn.o_proj", hidden, queries, shape.AttentionBias)) yield return tensor;
            yield return (layer + "post_attention_layernorm.weight", [hidden]);
            foreach (var tensor in Linear(layer + "mlp.gate_proj", shape.IntermediateSize, hidden, shape.MlpBias)) yield return tensor;
            foreach (var tensor in Linear(layer + "mlp.up_proj", shape.IntermediateSize, hidden, shape.MlpBias)) yield return tensor;
            foreach (var tensor in Linear(layer + "mlp.down_proj", hidden, shape.IntermediateSize, shape.MlpBias)) yield return tensor;
        }

        yield return ("model.norm.weight", [hidden]);
        if (!shape.TieWordEmbeddings) yield return ("lm_head.weight", [shape.VocabularySize, hidden]);
    }

    private static IEnumerable<(string, long[])> Linear(string name, long outputs, long inputs, bool bias)
    {
        yield return (name + ".weight", [outputs, inputs]);
        if (bias) yield return (name + ".bias", [outputs]);
    }
}
