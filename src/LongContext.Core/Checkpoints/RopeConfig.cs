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

    /// <summary>What a file that says nothing of layer types means by them: Gemma 3's sliding layers have a base of their own.</summary>
    public static IReadOnlyDictionary<string, RopeSettings> DefaultByLayerType(string modelType) =>
        modelType == "gemma3_text" ? new Dictionary<string, RopeSettings> { [SlidingLayerType] = new() { Theta = 10_000 } } : None;

    public bool Equals(RopeConfig? other) =>
        other is not null && Main == other.Main && ByLayerType.Count == other.ByLayerType.Count
        && ByLayerType.All(pair => other.ByLayerType.TryGetValue(pair.Key, out RopeSettings? settings) && settings == pair.Value);

    public override int GetHashCode() => HashCode.Combine(Main, ByLayerType.Count);
}
