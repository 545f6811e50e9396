namespace LongContext.Checkpoints;

/// <summary>The keys under which config files speak of rotary positions.</summary>
internal static class RopeConfigKeys
{
    /// <summary>Everything in one object, or in one for each layer type: transformers 5.</summary>
    public const string Parameters = "rope_parameters";

    /// <summary>The scaling only, with <see cref="Theta"/> beside it at top level: transformers 4.</summary>
    public const string Scaling = "rope_scaling";

    public const string Theta = "rope_theta";

    public const string PartialRotaryFactor = "partial_rotary_factor";

    public const string RopeType = "rope_type";

    /// <summary>What <see cref="RopeType"/> was called before transformers 4.43.</summary>
    public const string OlderRopeType = "type";

    public const string Factor = "factor";

    public const string Alpha = "alpha";

    /// <summary>Inside the object, or, with priority, at top level, where Phi-3 has it.</summary>
    public const string OriginalMaxPositionEmbeddings = "original_max_position_embeddings";

    /// <summary>The base of the sliding layers of older Gemma 3 configs: positions per layer type.</summary>
    public const string LocalTheta = "rope_local_base_freq";

    public const string AttentionFactor = "attention_factor";

    public const string BetaFast = "beta_fast";

    public const string BetaSlow = "beta_slow";

    public const string MScale = "mscale";

    public const string MScaleAllDimensions = "mscale_all_dim";

    public const string Truncate = "truncate";

    public const string ShortFactor = "short_factor";

    public const string LongFactor = "long_factor";

    public const string LowFrequencyFactor = "low_freq_factor";

    public const string HighFrequencyFactor = "high_freq_factor";

    /// <summary>A note in the configs of the first YaRN models, of no effect.</summary>
    public const string FineTuned = "finetuned";

    /// <summary>Sections of multimodal positions.</summary>
    public const string MultimodalSection = "mrope_section";
}
