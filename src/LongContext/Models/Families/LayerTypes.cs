using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Reads which layers attend to a window.</summary>
internal static class LayerTypes
{
    /// <summary>Layers as <c>layer_types</c> lists them, or, where a file has no such field, as the family's rule says.</summary>
    /// <param name="config">The config.</param>
    /// <param name="window">Tokens that a sliding layer sees; null when the config has none.</param>
    /// <param name="slides">The family's rule: whether the layer of an index slides.</param>
    public static IReadOnlyList<LayerShape> Read(ModelConfig config, int? window, Func<int, bool> slides)
    {
        ConfigFields fields = config.Fields;
        IReadOnlyList<string> types = fields.OptionalStrings("layer_types")
            ?? [.. Enumerable.Range(0, config.LayerCount).Select(i => slides(i) ? LayerShape.SlidingAttention : LayerShape.FullAttention)];
        if (types.Count != config.LayerCount)
            throw fields.Fault("layer_types", $"has {types.Count} entries, expected one for each of the {config.LayerCount} layers");
        return [.. types.Select(type => type switch
        {
            LayerShape.FullAttention => LayerShape.Full,
            LayerShape.SlidingAttention => LayerShape.Sliding(
                window ?? throw fields.Fault("layer_types", $"has '{type}', but there is no sliding_window")),
            _ => throw new NotSupportedException(
                $"{fields.SourceName}: field 'layer_types' has '{type}'; supported are {LayerShape.FullAttention} and {LayerShape.SlidingAttention}."),
        })];
    }

    /// <summary>Every layer with the window, or, where it is null, with none.</summary>
    public static IReadOnlyList<LayerShape> Uniform(ModelConfig config, int? window) =>
        [.. Enumerable.Repeat(window is { } size ? LayerShape.Sliding(size) : LayerShape.Full, config.LayerCount)];

    /// <summary>The field <c>sliding_window</c>, at least 1.</summary>
    public static int? ReadWindow(ModelConfig config, int? absent = null)
    {
        ConfigFields fields = config.Fields;
        if (!fields.Json.ContainsKey("sliding_window")) return absent;
        int? window = fields.OptionalInt("sliding_window");
        return window is < 1 ? throw fields.Fault("sliding_window", $"is {window}, expected at least 1 or null") : window;
    }

    /// <summary>As Qwen says it: a window only where <c>use_sliding_window</c> is true.</summary>
    public static int? ReadSwitchedWindow(ModelConfig config, int? absent) =>
        config.Fields.OptionalBool("use_sliding_window") ?? false ? ReadWindow(config, absent) : null;
}
