using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

public sealed partial record ModelConfig
{
    /// <summary>Fields that properties stand for; they are not set behind their backs.</summary>
    private static readonly HashSet<string> PropertyFields = new(StringComparer.Ordinal)
    {
        "architectures", "model_type", "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "head_dim", "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings", "attention_bias", "mlp_bias",
        "hidden_act", "hidden_activation", "initializer_range", "bos_token_id", "eos_token_id", "pad_token_id", "dtype", "torch_dtype",
        RopeConfigKeys.Parameters, RopeConfigKeys.Scaling, RopeConfigKeys.Theta, RopeConfigKeys.PartialRotaryFactor, RopeConfigKeys.LocalTheta,
        RopeConfigKeys.OriginalMaxPositionEmbeddings,
    };

    /// <summary>The file's fields and the added ones, for what only some families have; changes of properties do not show here.</summary>
    internal ConfigFields Fields => new(MergedJson(), FileName);

    /// <summary>Fields set by <see cref="WithField"/>; never changed.</summary>
    private JsonObject? AddedFields { get; init; }

    /// <summary>Fields taken away by <see cref="WithoutField"/>; never changed.</summary>
    private IReadOnlyList<string> RemovedFields { get; init; } = [];

    /// <summary>The same config with a field that has no property, such as Granite's <c>embedding_multiplier</c>.</summary>
    /// <param name="name">The field's name in <c>config.json</c>.</param>
    /// <param name="value">Its value; null for JSON's <c>null</c>.</param>
    /// <exception cref="ArgumentException">The field has a property of its own, which is to be set instead.</exception>
    public ModelConfig WithField(string name, JsonNode? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (PropertyFields.Contains(name)) throw new ArgumentException($"Field '{name}' has a property of its own; set that.", nameof(name));
        JsonObject added = AddedFields?.DeepClone().AsObject() ?? [];
        added[name] = value is null ? null : JsonNode.Parse(value.ToJsonString()); // as from a file, where 12 can be read as 12.0
        return this with { AddedFields = added, RemovedFields = [.. RemovedFields.Where(removed => removed != name)] };
    }

    /// <summary>The same config without a field that has no property, such as <c>quantization_config</c>.</summary>
    internal ModelConfig WithoutField(string name) => this with { RemovedFields = [.. RemovedFields, name] };

    private JsonObject MergedJson()
    {
        JsonObject json = Origin?.Json.DeepClone().AsObject() ?? [];
        foreach ((string name, JsonNode? value) in AddedFields ?? []) json[name] = value?.DeepClone();
        foreach (string name in RemovedFields) json.Remove(name);
        return json;
    }
}
