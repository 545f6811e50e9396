using LongContext.Checkpoints;

namespace LongContext.Models;

/// <summary>The sizes and switches a decoder layer is assembled from; a family fills it from config.json.</summary>
internal sealed record DecoderShape
{
    public required int VocabularySize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int LayerCount { get; init; }

    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    public required int HeadDimension { get; init; }

    public required double RmsNormEpsilon { get; init; }

    public required bool AttentionBias { get; init; }

    public required bool MlpBias { get; init; }

    public required bool TieWordEmbeddings { get; init; }

    /// <summary>Families there are, by model_type. Adding one is adding its reader here.</summary>
    /// <exception cref="NotSupportedException">No reader for the config's model_type.</exception>
    public static DecoderShape FromConfig(ModelConfig config) => config.ModelType switch
    {
        LlamaFamily.ModelType => LlamaFamily.Read(config),
        _ => throw new NotSupportedException($"Model family '{config.ModelType}' (model_type in config.json) is not supported yet; supported: {LlamaFamily.ModelType}."),
    };
}
