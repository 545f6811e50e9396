using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>
/// The sizes and switches that a decoder is assembled from. A family fills it from config.json; everything left at its default is
/// as in Llama.
/// </summary>
internal sealed record DecoderShape
{
    public required int VocabularySize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    public required int HeadDimension { get; init; }

    public required bool TieWordEmbeddings { get; init; }

    /// <summary>What differs from layer to layer: one entry each.</summary>
    public required IReadOnlyList<LayerShape> Layers { get; init; }

    public required NormShape Norm { get; init; }

    /// <summary>Where a layer's norms stand, by the last part of their names.</summary>
    public BlockNorms BlockNorms { get; init; } = BlockNorms.BeforeEach;

    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Biases of the query, key and value projections.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>A bias of attention's output projection.</summary>
    public bool OutputBias { get; init; }

    public bool MlpBias { get; init; }

    /// <summary>One matrix for queries, keys and values (qkv_proj), and one for gate and up (gate_up_proj).</summary>
    public bool FusedProjections { get; init; }

    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>Factor on q·k; null for 1/√headDim.</summary>
    public double? AttentionScale { get; init; }

    /// <summary>c in c·tanh(score/c); null for none.</summary>
    public double? AttentionSoftCap { get; init; }

    /// <summary>Factor on the embedding, rounded to the weights' type as the checkpoints were trained where <see cref="RoundEmbeddingScale"/> says so.</summary>
    public double EmbeddingScale { get; init; } = 1;

    public bool RoundEmbeddingScale { get; init; }

    /// <summary>Factor on what attention and MLP add to the hidden states.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>Factor on the logits.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>c in c·tanh(logit/c); null for none.</summary>
    public double? LogitSoftCap { get; init; }

    /// <summary>Whether transformers gives up the cache at the end of the original window (Phi-3).</summary>
    public bool CacheEndsAtOriginalWindow { get; init; }

    public int LayerCount => Layers.Count;

    /// <summary>What all families read in the same way: sizes, and layers that are all alike.</summary>
    public static DecoderShape FromConfig(ModelConfig config) => new()
    {
        VocabularySize = config.VocabularySize,
        HiddenSize = config.HiddenSize,
        IntermediateSize = config.IntermediateSize,
        HeadCount = config.HeadCount,
        KeyValueHeadCount = config.KeyValueHeadCount,
        HeadDimension = config.HeadDimension,
        TieWordEmbeddings = config.TieWordEmbeddings,
        Layers = [.. Enumerable.Repeat(LayerShape.Full, config.LayerCount)],
        Norm = new NormShape(config.RmsNormEpsilon),
        Activation = Activations.Parse(config.HiddenActivation),
    };
}
