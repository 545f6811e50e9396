using LongContext.Checkpoints;
using LongContext.Models;

namespace LongContext.Benchmarks.Harness;

/// <summary>Llamas with random weights, of a size that two cores run in milliseconds.</summary>
internal static class SmallModels
{
    public static CausalLanguageModel Create(int vocabularySize, int hiddenSize = 128, int layerCount = 4, int contextLength = 2048) =>
        CausalLanguageModel.Create(
            new ModelConfig
            {
                ModelType = "llama",
                Architectures = ["LlamaForCausalLM"],
                VocabularySize = vocabularySize,
                HiddenSize = hiddenSize,
                IntermediateSize = hiddenSize * 8 / 3,
                LayerCount = layerCount,
                HeadCount = hiddenSize / 32,
                KeyValueHeadCount = hiddenSize / 64,
                HeadDimension = 32,
                MaxPositionEmbeddings = contextLength,
                OriginalMaxPositionEmbeddings = contextLength,
                // Wider than usual, so that the likeliest token does not hang on rounding.
                InitializerRange = 0.05,
            },
            seed: 1);
}
