using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Qwen 2 and 2.5: Llama with biases on queries, keys and values (Yang et al. 2024, arXiv:2407.10671).</summary>
internal sealed class Qwen2Family : ModelFamily
{
    /// <summary>transformers' defaults, for files that switch the window on and do not say more.</summary>
    public const int DefaultWindow = 4_096, DefaultFullLayers = 28;

    public override string ModelType => "qwen2";

    /// <summary>The layers from <c>max_window_layers</c> on slide, where windows are switched on at all.</summary>
    public static IReadOnlyList<LayerShape> Layers(ModelConfig config)
    {
        int? window = LayerTypes.ReadSwitchedWindow(config, DefaultWindow);
        int fullLayers = config.Fields.OptionalInt("max_window_layers") ?? DefaultFullLayers;
        return LayerTypes.Read(config, window, layer => window is not null && layer >= fullLayers);
    }

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        QueryKeyValueBias = true,
        Layers = Layers(config),
    };
}
