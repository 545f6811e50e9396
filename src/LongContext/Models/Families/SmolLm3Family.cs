using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>
/// SmolLM 3: Llama without positions in every fourth layer (NoPE; Yang et al. 2025, arXiv:2501.18795; Hugging Face, "SmolLM3", 2025).
/// </summary>
internal sealed class SmolLm3Family : ModelFamily
{
    public override string ModelType => "smollm3";

    protected override DecoderShape Read(ModelConfig config)
    {
        bool[] hasPositions = ReadPositions(config);
        // The switch is for files without layer_types; those that list a sliding layer mean it.
        int? window = LayerTypes.ReadWindow(config);
        bool slides = LayerTypes.ReadSwitchedWindow(config, absent: null) is not null;
        IReadOnlyList<LayerShape> layers = LayerTypes.Read(config, window, layer => slides && !hasPositions[layer]);
        return DecoderShape.FromConfig(config) with
        {
            QueryKeyValueBias = config.AttentionBias,
            OutputBias = config.AttentionBias,
            MlpBias = config.MlpBias,
            Layers = [.. layers.Select((layer, i) => layer with { HasPositions = hasPositions[i] })],
        };
    }

    /// <summary>
    /// Despite its name <c>no_rope_layers</c> holds 1 for a layer with positions and 0 for one without. A file that lacks it has
    /// none in every layer whose number, from 1, is a multiple of <c>no_rope_layer_interval</c>.
    /// </summary>
    private static bool[] ReadPositions(ModelConfig config)
    {
        ConfigFields fields = config.Fields;
        if (fields.OptionalIntOrInts("no_rope_layers") is not { } flags)
        {
            int interval = fields.OptionalInt("no_rope_layer_interval") ?? 4;
            if (interval < 1) throw fields.Fault("no_rope_layer_interval", $"is {interval}, expected at least 1");
            return [.. Enumerable.Range(0, config.LayerCount).Select(layer => (layer + 1) % interval != 0)];
        }

        if (flags.Count < config.LayerCount)
            throw fields.Fault("no_rope_layers", $"has {flags.Count} entries, expected one for each of the {config.LayerCount} layers");
        if (flags.Any(flag => flag is not (0 or 1))) throw fields.Fault("no_rope_layers", "holds something other than 0 and 1");
        return [.. flags.Select(flag => flag == 1)];
    }
}
