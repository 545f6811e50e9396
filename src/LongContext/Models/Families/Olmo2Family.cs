using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>OLMo 2: norms after attention and MLP, and on all queries and all keys of a token (OLMo Team 2024, arXiv:2501.00656, §3.2).</summary>
internal sealed class Olmo2Family : ModelFamily
{
    public override string ModelType => "olmo2";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        Norm = new NormShape(config.RmsNormEpsilon, WeightInFloat32: true),
        BlockNorms = BlockNorms.AfterEach,
        QueryKeyNorm = QueryKeyNorm.AllHeads,
        QueryKeyValueBias = config.AttentionBias,
        OutputBias = config.AttentionBias,
    };
}
