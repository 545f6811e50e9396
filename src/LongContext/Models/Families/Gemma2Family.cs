using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>
/// Gemma 2: soft caps on scores and logits, every other layer with a window, norms around attention and MLP, embeddings times
/// √hidden (Gemma Team 2024, arXiv:2408.00118, §2).
/// </summary>
internal sealed class Gemma2Family : ModelFamily
{
    public override string ModelType => "gemma2";

    /// <summary>What both generations share.</summary>
    public static DecoderShape Common(ModelConfig config)
    {
        if (config.Fields.OptionalBool("use_bidirectional_attention") ?? false)
            throw new NotSupportedException("config.json: use_bidirectional_attention is true; this library runs causal models only.");
        return DecoderShape.FromConfig(config) with
        {
            Norm = new NormShape(config.RmsNormEpsilon, WeightOffset: 1, WeightInFloat32: true),
            BlockNorms = BlockNorms.AroundEach,
            QueryKeyValueBias = config.AttentionBias,
            OutputBias = config.AttentionBias,
            AttentionScale = 1 / Math.Sqrt(FamilyFields.Positive(config, "query_pre_attn_scalar", 256)),
            EmbeddingScale = Math.Sqrt(config.HiddenSize),
            RoundEmbeddingScale = true,
        };
    }

    protected override DecoderShape Read(ModelConfig config) => Common(config) with
    {
        AttentionSoftCap = FamilyFields.SoftCap(config, "attn_logit_softcapping", 50),
        LogitSoftCap = FamilyFields.SoftCap(config, "final_logit_softcapping", 30),
        Layers = LayerTypes.Read(config, LayerTypes.ReadWindow(config, absent: 4_096), layer => layer % 2 == 0),
    };
}
