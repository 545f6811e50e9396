using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Mistral: Llama with a sliding window in every layer (Jiang et al. 2023, arXiv:2310.06825); later ones have none.</summary>
internal sealed class MistralFamily : ModelFamily
{
    /// <summary>What a config without the field means in transformers; <c>null</c> in the file means none.</summary>
    private const int DefaultWindow = 4_096;

    public override string ModelType => "mistral";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        Layers = LayerTypes.Uniform(config, LayerTypes.ReadWindow(config, DefaultWindow)),
    };
}
