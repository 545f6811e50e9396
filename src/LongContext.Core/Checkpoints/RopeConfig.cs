using LongContext.Positions;

namespace LongContext.Checkpoints;

/// <summary>What a config file says about rotary positions, in whichever form it says it.</summary>
internal sealed record RopeConfig
{
    /// <summary>The layer type whose settings are the config's main ones.</summary>
    public const string MainLayerType = "full_attention";

    /// <summary>The layer type that Gemma 3's older configs give a base of its own.</summary>
    public const string SlidingLayerType = "sliding_attention";

    public static IReadOnlyDictionary<string, RopeSettings> None { get; } = new Dictionary<string, RopeSettings>();

    public required RopeSettings Main { get; init; }

    /// <summary>Settings of layer types that differ from <see cref="Main"/>.</summary>
    public required IReadOnlyDictionary<string, RopeSettings> ByLayerType { get; init; }

    /// <summary>The base where a file gives none.</summary>
    public static double DefaultTheta(string modelType) => modelType switch
    {
        "gemma3_text" => 1_000_000,
        "smollm3" => 2_000_000,
        _ => 10_000,
    };

    /// <summary>The base of a layer type where a file gives none for it.</summary>
    public static double DefaultTheta(string modelType, string layerType) =>
        DefaultByLayerType(modelType).TryGetValue(layerType, out RopeSettings? settings) ? settings.Theta : DefaultTheta(modelType);

    /// <summary>
    /// The window before scaling where a file gives none at top level: Phi-3's own, which in transformers wins over one among the rope
    /// parameters; null for families that have none.
    /// </summary>
    public static int? DefaultOriginalWindow(string modelType) => modelType == "phi3" ? 4_096 : null;

    /// <summary>
    /// Whether plain frequencies leave a partial rotary factor aside, as transformers' code of these families does; with a scaling it
    /// counts for all.
    /// </summary>
    public static bool RotatesPlainHeadsWhole(string modelType) =>
        modelType is "llama" or "mistral" or "qwen2" or "qwen3" or "gemma2" or "gemma3_text" or "olmo2" or "granite" or "smollm3";

    /// <summary>What a file that says nothing of layer types means by them: Gemma 3's sliding layers have a base of their own.</summary>
    public static IReadOnlyDictionary<string, RopeSettings> DefaultByLayerType(string modelType) =>
        modelType == "gemma3_text" ? new Dictionary<string, RopeSettings> { [SlidingLayerType] = new() { Theta = 10_000 } } : None;

    public bool Equals(RopeConfig? other) =>
        other is not null && Main == other.Main && ByLayerType.Count == other.ByLayerType.Count
        && ByLayerType.All(pair => other.ByLayerType.TryGetValue(pair.Key, out RopeSettings? settings) && settings == pair.Value);

    public override int GetHashCode() => HashCode.Combine(Main, ByLayerType.Count);
}
