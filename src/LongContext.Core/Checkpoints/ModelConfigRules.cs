using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>What a config must fulfil, whatever the model's family, and what families take for granted.</summary>
internal static class ModelConfigRules
{
    public const double DefaultInitializerRange = 0.02;

    /// <summary>No decoder comes near it; a damaged file that asks for more would ask for memory before any weight is looked at.</summary>
    private const int MostLayers = 10_000;

    /// <summary>What an absent <c>tie_word_embeddings</c> means: Gemma and SmolLM 3 tie by default, Llama and its kin do not.</summary>
    public static bool TiesWordEmbeddings(string modelType) => IsGemma(modelType) || modelType == "smollm3";

    /// <summary>What an absent <c>head_dim</c> means, where it is not the hidden size over the heads.</summary>
    public static int? HeadDimension(string modelType) => IsGemma(modelType) ? 256 : modelType == "qwen3" ? 128 : null;

    /// <summary>What an absent <c>num_key_value_heads</c> means, where it is not as many as there are query heads; <c>null</c> in a file means that.</summary>
    public static int? KeyValueHeads(string modelType) => modelType switch
    {
        "mistral" => 8,
        "qwen2" or "qwen3" => 32,
        "smollm3" => 4,
        _ => IsGemma(modelType) ? 4 : null,
    };

    /// <summary>What an absent <c>pad_token_id</c> means.</summary>
    public static int? PadToken(string modelType) => modelType switch
    {
        "phi3" => 32_000,
        "olmo2" => 1,
        "smollm3" => 128_004,
        _ => IsGemma(modelType) ? 0 : null,
    };

    /// <summary>The class in transformers of a family's language model; none for a family it does not know.</summary>
    public static IReadOnlyList<string> Architectures(string modelType) => modelType switch
    {
        "llama" => ["LlamaForCausalLM"],
        "mistral" => ["MistralForCausalLM"],
        "qwen2" => ["Qwen2ForCausalLM"],
        "qwen3" => ["Qwen3ForCausalLM"],
        "phi3" => ["Phi3ForCausalLM"],
        "gemma2" => ["Gemma2ForCausalLM"],
        "gemma3_text" => ["Gemma3ForCausalLM"],
        "olmo2" => ["Olmo2ForCausalLM"],
        "granite" => ["GraniteForCausalLM"],
        "smollm3" => ["SmolLM3ForCausalLM"],
        _ => [],
    };

    /// <summary>What an absent activation means.</summary>
    public static string Activation(string modelType) => IsGemma(modelType) ? "gelu_pytorch_tanh" : "silu";

    /// <summary>Gemma reads <c>hidden_activation</c> alone; its <c>hidden_act</c>, where a file has one, is of no effect in transformers.</summary>
    public static bool IsGemma(string modelType) => modelType.StartsWith("gemma", StringComparison.Ordinal);

    /// <summary>Every fault, by the field's name in the file.</summary>
    public static List<string> FindFaults(ModelConfig config)
    {
        List<string> faults = [];
        CheckSizes(config, faults);
        CheckLayers(config, faults);
        CheckHeads(config, faults);
        CheckPositions(config, faults);
        CheckNumbers(config, faults);
        CheckTokens(config, faults);
        return faults;
    }

    private static void CheckSizes(ModelConfig config, List<string> faults)
    {
        foreach ((string field, int value) in new[]
            {
                ("vocab_size", config.VocabularySize), ("hidden_size", config.HiddenSize),
                ("intermediate_size", config.IntermediateSize), ("num_hidden_layers", config.LayerCount),
                ("num_attention_heads", config.HeadCount), ("num_key_value_heads", config.KeyValueHeadCount),
                ("max_position_embeddings", config.MaxPositionEmbeddings),
            })
        {
            if (value <= 0) faults.Add($"field '{field}' is {value}, expected at least 1");
        }
    }

    private static void CheckLayers(ModelConfig config, List<string> faults)
    {
        if (config.LayerCount > MostLayers) faults.Add($"field 'num_hidden_layers' is {config.LayerCount}, expected at most {MostLayers}");
    }

    private static void CheckHeads(ModelConfig config, List<string> faults)
    {
        if (config.HeadCount <= 0 || config.KeyValueHeadCount <= 0) return;
        if (config.HeadCount % config.KeyValueHeadCount != 0)
        {
            faults.Add($"field 'num_key_value_heads' is {config.KeyValueHeadCount}, "
                + $"expected a divisor of num_attention_heads, {config.HeadCount}");
        }

        if (!config.HasOwnHeadDimension && HeadDimension(config.ModelType) is null && config.HiddenSize % config.HeadCount != 0)
        {
            faults.Add($"field 'hidden_size' is {config.HiddenSize}, "
                + $"expected a multiple of num_attention_heads, {config.HeadCount}, since head_dim is not given");
        }
        else if (config.HeadDimension <= 0 || config.HeadDimension % 2 != 0)
        {
            faults.Add($"field 'head_dim' is {config.HeadDimension}, expected an even number of at least 2");
        }
    }

    private static void CheckPositions(ModelConfig config, List<string> faults)
    {
        // Without a sound head and window there is nothing to say of the frequencies.
        if (config.RopeByLayerType.ContainsKey(RopeConfig.MainLayerType))
            faults.Add($"the rotary settings of layer type '{RopeConfig.MainLayerType}' are the main ones (RopeTheta, RopeScaling and the rest), not those of a layer type apart");
        bool isSound = config.HeadCount > 0 && config.HeadDimension > 0 && config.HeadDimension % 2 == 0 && config.MaxPositionEmbeddings > 0;
        CheckPositions(config.RopeOf(RopeConfig.MainLayerType), isSound ? config.RopeParameters : null, "", faults);
        foreach (string layerType in config.RopeByLayerType.Keys.Where(type => type != RopeConfig.MainLayerType))
            CheckPositions(config.RopeOf(layerType), isSound ? config.RopeParametersOf(layerType) : null, $"of {layerType} ", faults);
    }

    private static void CheckPositions(RopeSettings rope, RopeParameters? parameters, string of, List<string> faults)
    {
        int before = faults.Count;
        if (!double.IsFinite(rope.Theta) || rope.Theta <= 0) faults.Add($"field 'rope_theta' {of}is {rope.Theta}, expected a finite number above 0");
        if (rope.OriginalMaxPositionEmbeddings <= 0)
            faults.Add($"field 'original_max_position_embeddings' {of}is {rope.OriginalMaxPositionEmbeddings}, expected at least 1");
        if (rope.PartialRotaryFactor is not (> 0 and <= 1))
        {
            faults.Add($"field 'partial_rotary_factor' {of}is {rope.PartialRotaryFactor}, expected above 0 and at most 1");
        }
        else if (!rope.Scaling.RotatesWholeHead && parameters?.RotaryDimension is { } rotary && (rotary < 2 || rotary % 2 != 0))
        {
            faults.Add($"field 'partial_rotary_factor' {of}is {rope.PartialRotaryFactor}, "
                + $"which rotates {rotary} of {parameters!.HeadDimension} elements, expected an even number of at least 2");
        }

        if (parameters is not null && rope.Scaling is YarnRopeScaling or Llama3RopeScaling && parameters.OriginalMaxPositionEmbeddings > parameters.MaxPositionEmbeddings)
        {
            faults.Add($"field 'original_max_position_embeddings' {of}is {parameters.OriginalMaxPositionEmbeddings}, "
                + $"expected at most max_position_embeddings, {parameters.MaxPositionEmbeddings}, with rope type '{rope.Scaling.RopeType}'");
        }

        if (parameters is not null && faults.Count == before) faults.AddRange(rope.Scaling.FindFaults(parameters).Select(fault => $"rope type '{rope.Scaling.RopeType}'{(of.Length > 0 ? ' ' + of.TrimEnd() : of)}: {fault}"));
    }

    private static void CheckNumbers(ModelConfig config, List<string> faults)
    {
        if (!double.IsFinite(config.RmsNormEpsilon) || config.RmsNormEpsilon <= 0)
        {
            faults.Add($"field 'rms_norm_eps' is {config.RmsNormEpsilon}, expected a finite number above 0");
        }

        if (!double.IsFinite(config.InitializerRange) || config.InitializerRange < 0)
        {
            faults.Add($"field 'initializer_range' is {config.InitializerRange}, expected a finite number of at least 0");
        }
    }

    private static void CheckTokens(ModelConfig config, List<string> faults)
    {
        if (config.BeginningOfSentenceTokenId < 0)
        {
            faults.Add($"field 'bos_token_id' is {config.BeginningOfSentenceTokenId}, expected at least 0");
        }

        foreach (int id in config.EndOfSentenceTokenIds)
        {
            if (id < 0) faults.Add($"field 'eos_token_id' holds {id}, expected at least 0");
        }
    }
}
