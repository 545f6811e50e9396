using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

/// <summary>
/// The language model of a model of several parts: Gemma 3 with images, whose text part is Gemma 3 as it is, reads like a folder of
/// that alone. Other models of several parts change what their text part computes and are refused.
/// </summary>
internal static class TextPart
{
    private const string Field = "text_config";

    /// <summary>Fields of the whole that hold for its text part where that does not say otherwise.</summary>
    private static readonly string[] Inherited = ["bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype", "quantization_config", "tie_word_embeddings"];

    /// <summary>What transformers takes for fields that these files leave out, since they wrote only what differed.</summary>
    private const string Gemma3Defaults = """
        {
          "vocab_size": 262208, "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
          "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 131072, "rms_norm_eps": 1e-06, "query_pre_attn_scalar": 256,
          "sliding_window": 4096
        }
        """;

    /// <summary>The config of the text part, or the config itself where there are no parts.</summary>
    /// <exception cref="NotSupportedException">A model of several parts other than Gemma 3.</exception>
    public static JsonObject Of(JsonObject json, string sourceName)
    {
        ConfigFields fields = new(json, sourceName);
        if (fields.OptionalObject(Field) is not { } text) return json;
        string modelType = fields.RequireString("model_type");
        if (modelType != "gemma3")
        {
            throw new NotSupportedException(
                $"{sourceName}: '{modelType}' is a model of several parts (it has a {Field}); this library loads language models alone, and of such models the text part of 'gemma3'.");
        }

        JsonObject part = text.Json.DeepClone().AsObject();
        part["model_type"] = "gemma3_text";
        part["architectures"] = new JsonArray("Gemma3ForCausalLM");
        foreach (string key in Inherited)
        {
            if (part[key] is null && json[key] is { } value) part[key] = value.DeepClone();
        }

        foreach ((string key, JsonNode? value) in JsonNode.Parse(Gemma3Defaults)!.AsObject())
        {
            if (!part.ContainsKey(key)) part[key] = value!.DeepClone();
        }

        return part;
    }
}
