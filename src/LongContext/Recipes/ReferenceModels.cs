using LongContext.Checkpoints;
using LongContext.Positions;

namespace LongContext.Recipes;

/// <summary>Shapes of open models of 7 and 8 billion parameters, as their config.json states them: for asking what fits before anything is downloaded.</summary>
public static class ReferenceModels
{
    /// <summary>Llama-3.1-8B: 8.03 billion parameters, window 131,072 by Llama 3's scaling of 8,192.</summary>
    public static ModelConfig Llama31With8B { get; } = new()
    {
        ModelType = "llama",
        VocabularySize = 128_256,
        HiddenSize = 4096,
        IntermediateSize = 14_336,
        LayerCount = 32,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        RmsNormEpsilon = 1e-5,
        RopeTheta = 500_000,
        RopeScaling = RopeScaling.Llama3(8),
        MaxPositionEmbeddings = 131_072,
        OriginalMaxPositionEmbeddings = 8192,
        BeginningOfSentenceTokenId = 128_000,
        EndOfSentenceTokenIds = [128_001],
    };

    /// <summary>Mistral-7B-v0.3: 7.25 billion parameters, window 32,768, no sliding window.</summary>
    public static ModelConfig Mistral7BVersion3 { get; } = new ModelConfig
    {
        ModelType = "mistral",
        VocabularySize = 32_768,
        HiddenSize = 4096,
        IntermediateSize = 14_336,
        LayerCount = 32,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        RmsNormEpsilon = 1e-5,
        RopeTheta = 1_000_000,
        MaxPositionEmbeddings = 32_768,
        BeginningOfSentenceTokenId = 1,
        EndOfSentenceTokenIds = [2],
    }.WithField("sliding_window", null); // absent, it would be 4,096
}
