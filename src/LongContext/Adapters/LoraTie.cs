using LongContext.Models;

namespace LongContext.Adapters;

/// <summary>What an adapter makes of a head that the model ties to the embedding.</summary>
/// <param name="IsKept">Whether a module saved at one end is saved for both.</param>
/// <param name="NeedsOwnHead">Whether the head must become a weight of its own.</param>
/// <param name="SavesHead">Whether the head, of its own then, is saved whole.</param>
internal readonly record struct LoraTie(bool IsKept, bool NeedsOwnHead, bool SavesHead)
{
    /// <summary>Applies options to a model; nothing of it is so where the model does not tie them.</summary>
    public static LoraTie Of(LoraOptions options, LoraTargets targets, bool tied)
    {
        if (!tied) return default;
        bool savesHead = targets.IsSaved(DecoderTensors.Head), saves = savesHead || targets.IsSaved(DecoderTensors.Embedding);
        bool adapts = new[] { DecoderTensors.Embedding, DecoderTensors.Head }.Any(weight => targets.Includes(weight[..^".weight".Length], isInnerLinear: false));
        bool keeps = options.EnsureWeightTying && saves;
        return new LoraTie(keeps, !keeps && (saves || adapts), savesHead && !keeps);
    }
}
