using System.Text.Json.Nodes;

namespace LongContext.Core.Tests.Checkpoints;

/// <summary>Configs for tests: a small Llama in the form of transformers 5 or 4, with fields changed or taken out.</summary>
internal static class ConfigText
{
    /// <summary>As transformers 5 writes: <c>rope_parameters</c>, <c>dtype</c>, <c>head_dim</c>.</summary>
    public static JsonObject Newer(params (string Key, JsonNode? Value)[] changes)
    {
        JsonObject config = Core();
        config["head_dim"] = 16;
        config["dtype"] = "bfloat16";
        config["rope_parameters"] = new JsonObject { ["rope_theta"] = 10000.0, ["rope_type"] = "default" };
        return Change(config, changes);
    }

    /// <summary>As transformers 4 wrote: <c>rope_theta</c>, <c>rope_scaling</c>, <c>torch_dtype</c>, no <c>head_dim</c>.</summary>
    public static JsonObject Older(params (string Key, JsonNode? Value)[] changes)
    {
        JsonObject config = Core();
        config["torch_dtype"] = "float16";
        config["rope_theta"] = 500000.0;
        config["rope_scaling"] = null;
        return Change(config, changes);
    }

    public static JsonObject Without(this JsonObject config, params string[] keys)
    {
        foreach (string key in keys) Assert.True(config.Remove(key));
        return config;
    }

    private static JsonObject Core() => JsonNode.Parse("""
        {
          "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 128, "hidden_size": 64,
          "intermediate_size": 172, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
          "max_position_embeddings": 256, "rms_norm_eps": 1e-05, "hidden_act": "silu", "initializer_range": 0.02,
          "tie_word_embeddings": false, "attention_bias": false, "mlp_bias": false, "bos_token_id": 1, "eos_token_id": 2,
          "use_cache": true, "some_future_field": {"nested": [1, 2.50, "three"]}
        }
        """)!.AsObject();

    private static JsonObject Change(JsonObject config, (string Key, JsonNode? Value)[] changes)
    {
        foreach ((string key, JsonNode? value) in changes) config[key] = value;
        return config;
    }
}
