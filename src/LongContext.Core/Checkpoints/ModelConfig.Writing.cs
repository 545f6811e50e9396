using System.Text.Json.Nodes;

namespace LongContext.Checkpoints;

public sealed partial record ModelConfig
{
    /// <summary>
    /// The text of <c>config.json</c>: the fields of the file this config was read from, in its form, with what was changed;
    /// rotary positions as <c>rope_parameters</c> unless that file had no such field.
    /// </summary>
    /// <exception cref="ArgumentException">A property is out of range; the message names every one.</exception>
    public string ToJson()
    {
        Validate();
        return CheckpointJson.ToText(ToJsonObject());
    }

    /// <summary>Writes the config. An older file of that name is replaced in one step, and only by a whole one.</summary>
    /// <param name="path">The file, or the model's folder, which gets a <c>config.json</c>.</param>
    /// <exception cref="ArgumentException">A property is out of range; the message names every one.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.WriteAllText(Directory.Exists(path) ? Path.Combine(path, FileName) : path, ToJson());
    }

    private JsonObject ToJsonObject()
    {
        JsonObject json = MergedJson();
        if (Origin is null || !Architectures.SequenceEqual(Origin.Config.Architectures))
        {
            json["architectures"] = new JsonArray([.. Architectures.Select(name => (JsonNode)name)]);
        }

        Put(json, "model_type", c => c.ModelType, ModelType);
        Put(json, "vocab_size", c => c.VocabularySize, VocabularySize);
        Put(json, "hidden_size", c => c.HiddenSize, HiddenSize);
        Put(json, "intermediate_size", c => c.IntermediateSize, IntermediateSize);
        Put(json, "num_hidden_layers", c => c.LayerCount, LayerCount);
        Put(json, "num_attention_heads", c => c.HeadCount, HeadCount);
        int impliedHeads = json.ContainsKey("num_key_value_heads") ? HeadCount : ModelConfigRules.KeyValueHeads(ModelType) ?? HeadCount;
        Put(json, "num_key_value_heads", c => c.KeyValueHeadCount, KeyValueHeadCount, implied: impliedHeads);
        Put(json, "head_dim", c => c.HeadDimension, HeadDimension, implied: ModelConfigRules.HeadDimension(ModelType) ?? HiddenSize / Math.Max(HeadCount, 1));
        Put(json, "max_position_embeddings", c => c.MaxPositionEmbeddings, MaxPositionEmbeddings);
        Put(json, "rms_norm_eps", c => c.RmsNormEpsilon, ConfigValue.Float(RmsNormEpsilon));
        bool ties = ModelConfigRules.TiesWordEmbeddings(ModelType);
        Put(json, "tie_word_embeddings", c => c.TieWordEmbeddings, TieWordEmbeddings, implied: ties);
        Put(json, "attention_bias", c => c.AttentionBias, AttentionBias, implied: false);
        Put(json, "mlp_bias", c => c.MlpBias, MlpBias, implied: false);
        string activation = json["hidden_activation"] is null && !ModelConfigRules.IsGemma(ModelType) ? "hidden_act" : "hidden_activation";
        Put(json, activation, c => c.HiddenActivation, HiddenActivation, implied: ModelConfigRules.Activation(ModelType));
        const double Range = ModelConfigRules.DefaultInitializerRange;
        Put(json, "initializer_range", c => c.InitializerRange, ConfigValue.Float(InitializerRange), implied: Range);
        RopeConfigWriter.Write(json, Rope, MaxPositionEmbeddings, Origin is null ? null : (Origin.Rope, Origin.Config.MaxPositionEmbeddings));
        PutTokens(json);
        PutDataType(json);
        return json;
    }

    /// <summary>
    /// Writes a field of a new config or one that was changed. A file's field that means the same keeps its own spelling.
    /// </summary>
    private void Put<T>(JsonObject json, string key, Func<ModelConfig, T> property, JsonNode? value)
        where T : notnull =>
        Put(json, key, property, value, implied: property(this));

    /// <summary>
    /// As above, for a field that files may leave out: it is also written when its absence would no longer mean this value,
    /// because what it follows from was changed.
    /// </summary>
    private void Put<T>(JsonObject json, string key, Func<ModelConfig, T> property, JsonNode? value, T implied)
        where T : notnull
    {
        T now = property(this);
        if (Origin is null || !now.Equals(property(Origin.Config)) || (json[key] is null && !now.Equals(implied))) json[key] = value;
    }

    private void PutTokens(JsonObject json)
    {
        bool padIsImplied = Origin is null ? PadTokenId == ModelConfigRules.PadToken(ModelType) : PadTokenId == Origin.Config.PadTokenId;
        if (!padIsImplied) json["pad_token_id"] = PadTokenId;
        if (BeginningOfSentenceTokenId != Origin?.Config.BeginningOfSentenceTokenId) json["bos_token_id"] = BeginningOfSentenceTokenId;
        if (EndOfSentenceTokenIds.SequenceEqual(Origin?.Config.EndOfSentenceTokenIds ?? [])) return;
        json["eos_token_id"] = EndOfSentenceTokenIds switch
        {
            [] => null,
            [int only] when json["eos_token_id"] is not JsonArray => only,
            _ => new JsonArray([.. EndOfSentenceTokenIds.Select(id => (JsonNode)id)]),
        };
    }

    private void PutDataType(JsonObject json)
    {
        const string Key = "dtype", OlderKey = "torch_dtype";
        if (DataType == Origin?.Config.DataType) return;
        bool hasOlder = json.ContainsKey(OlderKey);

        // A file that has neither is taken for an older one when its rotary positions are in the older form.
        if (!hasOlder && !json.ContainsKey(Key)) hasOlder = !json.ContainsKey(RopeConfigKeys.Parameters);
        if (hasOlder) json[OlderKey] = DataType;
        if (!hasOlder || json.ContainsKey(Key)) json[Key] = DataType;
    }
}
