using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>Granite 3: Llama with multipliers on embeddings, attention scores, residuals and logits (µP; Granite Team 2024).</summary>
internal sealed class GraniteFamily : ModelFamily
{
    public override string ModelType => "granite";

    protected override DecoderShape Read(ModelConfig config) => DecoderShape.FromConfig(config) with
    {
        QueryKeyValueBias = config.AttentionBias,
        OutputBias = config.AttentionBias,
        MlpBias = config.MlpBias,
        EmbeddingScale = FamilyFields.Multiplier(config, "embedding_multiplier", 1),
        AttentionScale = FamilyFields.Multiplier(config, "attention_multiplier", 1),
        ResidualScale = FamilyFields.Multiplier(config, "residual_multiplier", 1),
        LogitScale = 1 / FamilyFields.Multiplier(config, "logits_scaling", 1),
    };
}
