using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Llama 2 and 3, and the many models that use their architecture (Touvron et al. 2023, arXiv:2307.09288).</summary>
internal sealed class LlamaFamily : ModelFamily
{
    public override string ModelType => "llama";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        QueryKeyValueBias = config.AttentionBias,
        OutputBias = config.AttentionBias,
        MlpBias = config.MlpBias,
    };
}
