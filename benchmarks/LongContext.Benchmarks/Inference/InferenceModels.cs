using LongContext.Checkpoints;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Inference;

/// <summary>Llamas with random weights of the sizes that inference is measured at.</summary>
internal static class InferenceModels
{
    /// <summary>32 million weights: 8 layers, width 512, 8 heads of 64 over 2 of keys, 16,384 tokens.</summary>
    public static ModelConfig Of30M { get; } = Llama(vocabulary: 16_384, hidden: 512, intermediate: 1408, layers: 8, heads: 8, keyHeads: 2, tied: true);

    /// <summary>297 million weights: 20 layers, width 1,024, 16 heads of 64 over 4 of keys, 32,000 tokens.</summary>
    public static ModelConfig Of300M { get; } = Llama(vocabulary: 32_000, hidden: 1024, intermediate: 2816, layers: 20, heads: 16, keyHeads: 4, tied: false);

    public static CausalLanguageModel Create(ModelConfig config, ScalarType dataType = ScalarType.Float32) =>
        CausalLanguageModel.Create(config, seed: 1, new ModelLoadOptions { DataType = dataType });

    private static ModelConfig Llama(int vocabulary, int hidden, int intermediate, int layers, int heads, int keyHeads, bool tied) => new()
    {
        ModelType = "llama",
        Architectures = ["LlamaForCausalLM"],
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        LayerCount = layers,
        HeadCount = heads,
        KeyValueHeadCount = keyHeads,
        HeadDimension = 64,
        TieWordEmbeddings = tied,
        MaxPositionEmbeddings = 32_768,
        OriginalMaxPositionEmbeddings = 32_768,
        // Wider than usual, so that the likeliest token does not hang on rounding.
        InitializerRange = 0.05,
    };
}
