using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Qwen 3: norms on each head of queries and keys, no biases unless asked for (Yang et al. 2025, arXiv:2505.09388).</summary>
internal sealed class Qwen3Family : ModelFamily
{
    public override string ModelType => "qwen3";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        QueryKeyNorm = QueryKeyNorm.PerHead,
        QueryKeyValueBias = config.AttentionBias,
        OutputBias = config.AttentionBias,
        Layers = Qwen2Family.Layers(config),
    };
}
