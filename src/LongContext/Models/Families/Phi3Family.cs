using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Phi-3, 3.5 and 4: one matrix for q, k and v, one for gate and up (Abdin et al. 2024, arXiv:2404.14219).</summary>
internal sealed class Phi3Family : ModelFamily
{
    /// <summary>What a config without the field means in transformers.</summary>
    public const int DefaultOriginalWindow = 4_096;

    public override string ModelType => "phi3";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        FusedProjections = true,
        Layers = LayerTypes.Uniform(config, LayerTypes.ReadWindow(config)),
        CacheEndsAtOriginalWindow = true,
    };
}
