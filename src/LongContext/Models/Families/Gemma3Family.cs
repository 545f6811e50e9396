using LongContext.Checkpoints;

namespace LongContext.Models.Families;

/// <summary>
/// Gemma 3, text only: five layers with a window to each without, each kind with its own rotary base, norms on queries and keys
/// in place of soft caps (Gemma Team 2025, arXiv:2503.19786, §2).
/// </summary>
internal sealed class Gemma3Family : ModelFamily
{
    public override string ModelType => "gemma3_text";

    protected override DecoderShape Read(ModelConfig config)
    {
        int pattern = config.Fields.OptionalInt("sliding_window_pattern") ?? config.Fields.OptionalInt("_sliding_window_pattern") ?? 6;
        if (pattern < 1) throw config.Fields.Fault("sliding_window_pattern", $"is {pattern}, expected at least 1");
        return Gemma2Family.Common(config) with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead,
            // attn_logit_softcapping, where a file has it, is of no effect in transformers' Gemma 3.
            LogitSoftCap = FamilyFields.SoftCap(config, "final_logit_softcapping", null),
            Layers = LayerTypes.Read(config, LayerTypes.ReadWindow(config, absent: 4_096), layer => (layer + 1) % pattern != 0),
        };
    }
}
