using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Export;

/// <summary>Refuses what llama.cpp would load and run otherwise than the model is meant, or not load.</summary>
internal static class GgufLimits
{
    /// <exception cref="NotSupportedException">The message names every fault.</exception>
    public static void Check(ModelConfig config, DecoderShape shape, GgufArchitecture architecture, bool allowFullAttention)
    {
        List<string> faults = [.. Layout(shape, architecture), .. Layers(config, shape, architecture, allowFullAttention), .. Scales(shape, architecture)];
        if (faults.Count > 0)
            throw new NotSupportedException($"llama.cpp's '{architecture.Name}' cannot run this model: {string.Join("; ", faults)}.");
    }

    private static IEnumerable<string> Layout(DecoderShape shape, GgufArchitecture architecture)
    {
        if (shape.Activation != architecture.Activation) yield return $"its activation is {shape.Activation}, expected {architecture.Activation}";
        if (shape.QueryKeyValueBias && !architecture.HasQueryKeyValueBias) yield return "queries, keys and values have biases";
        if ((shape.OutputBias || shape.MlpBias) && !architecture.HasOtherBiases) yield return "attention's output or the MLP has biases";
        if (!shape.TieWordEmbeddings && architecture.IsAlwaysTied) yield return "the head is not the embedding";
        if (!architecture.HasOwnHeadDimension && shape.HeadCount * shape.HeadDimension != shape.HiddenSize)
            yield return $"{shape.HeadCount} heads of {shape.HeadDimension} elements are not the hidden size of {shape.HiddenSize}";
    }

    private static IEnumerable<string> Layers(ModelConfig config, DecoderShape shape, GgufArchitecture architecture, bool allowFullAttention)
    {
        if (architecture.WindowPeriod is not null)
        {
            if (GgufWindows.Find(shape) is null) yield return "its layers with a window do not follow one another in equal groups, or have several windows";
        }
        else if (!allowFullAttention && shape.Layers.Min(layer => layer.SlidingWindow) is { } window && window < config.MaxPositionEmbeddings)
        {
            yield return $"it has sliding windows of {window} tokens, which llama.cpp ignores for this family, so that longer texts would give other numbers "
                + $"({nameof(GgufExportOptions)}.{nameof(GgufExportOptions.AllowFullAttention)} accepts that)";
        }

        for (int i = 0; i < shape.LayerCount; i++)
        {
            bool expected = architecture.NoPositionsInterval is not { } interval || (i + 1) % interval != 0;
            if (shape.Layers[i].HasPositions == expected) continue;
            yield return $"layer {i} has {(expected ? "no " : "")}positions, expected otherwise";
            yield break;
        }
    }

    private static IEnumerable<string> Scales(DecoderShape shape, GgufArchitecture architecture)
    {
        bool caps = architecture.HasSoftCaps;
        if (caps != shape.AttentionSoftCap is not null) yield return caps ? "attention has no soft cap" : "attention has a soft cap";
        if (caps && shape.LogitSoftCap is null) yield return "the logits have no soft cap";
        if (!architecture.IsAlwaysTied && shape.LogitSoftCap is not null) yield return "the logits have a soft cap";
        if (architecture.HasMultipliers) yield break;
        if (shape.ResidualScale != 1 || shape.LogitScale != 1 || shape.EmbeddingScale != (architecture.ScalesEmbedding ? Math.Sqrt(shape.HiddenSize) : 1))
            yield return "it scales embeddings, residuals or logits";
    }
}
