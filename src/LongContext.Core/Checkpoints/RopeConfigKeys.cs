namespace LongContext.Checkpoints;

/// <summary>The keys under which config files speak of rotary positions.</summary>
internal static class RopeConfigKeys
{
    /// <summary>Everything in one object: transformers 5.</summary>
    public const string Parameters = "rope_parameters";

    /// <summary>The scaling only, with <see cref="Theta"/> beside it at top level: transformers 4.</summary>
    public const string Scaling = "rope_scaling";

    public const string Theta = "rope_theta";

    public const string PartialRotaryFactor = "partial_rotary_factor";

    public const string RopeType = "rope_type";

    /// <summary>What <see cref="RopeType"/> was called before transformers 4.43.</summary>
    public const string OlderRopeType = "type";

    public const string Factor = "factor";

    public const string OriginalMaxPositionEmbeddings = "original_max_position_embeddings";

    /// <summary>The base of the sliding layers of older Gemma 3 configs: positions per layer type.</summary>
    public const string LocalTheta = "rope_local_base_freq";
}
