using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Models.Quantization;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Engine;

public sealed class RoundedActivationsTests
{
    private static ModelConfig Config { get; } = new()
    {
        ModelType = "llama", VocabularySize = 300, HiddenSize = 96, IntermediateSize = 160, LayerCount = 3, HeadCount = 4, KeyValueHeadCount = 2, HeadDimension = 24, MaxPositionEmbeddings = 1_024, InitializerRange = 0.1,
    };

    private static GenerationEngineOptions Rounding => new() { CacheTokens = 4_096, Threads = 2, RoundsActivations = true };

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GenerateAsync_InAnyChunksAndAmongStrangers_HasTheSameBits(bool symmetric)
    {
        using CausalLanguageModel model = Create(32, symmetric);
        GenerationResult alone = await GenerateAsync(model, Rounding, strangers: 0);
        Assert.Equal(24, alone.Tokens.Count);
        foreach (int step in (int[])[5, 24, 100])
        {
            foreach (int strangers in (int[])[0, 4])
            {
                GenerationResult again = await GenerateAsync(model, Rounding with { StepTokens = step, MaximumSequences = 5 }, strangers);
                Assert.Equal(alone.Tokens, again.Tokens);
                Assert.Equal(alone.Details!.Select(token => token.LogProbability), again.Details!.Select(token => token.LogProbability));
            }
        }
    }

    [Fact]
    public async Task GenerateAsync_Rounded_IsNearTheExactAnswerAndNotTheSame()
    {
        using CausalLanguageModel model = Create(32, symmetric: true);
        GenerationResult exact = await GenerateAsync(model, Rounding with { RoundsActivations = false }, strangers: 0), rounded = await GenerateAsync(model, Rounding, strangers: 0);
        float a = exact.Details![0].LogProbability!.Value, b = rounded.Details![0].LogProbability!.Value;
        Assert.NotEqual(a, b);
        Assert.InRange(Math.Abs(a - b), 0, 0.05);
    }

    [Fact]
    public void Create_NothingToRoundFor_IsRefusedAndSaysWhy()
    {
        using CausalLanguageModel plain = CausalLanguageModel.Create(Config, seed: 3, new ModelLoadOptions { DataType = ScalarType.Float32 });
        using CausalLanguageModel small = Create(16, symmetric: true);
        foreach (CausalLanguageModel model in new[] { plain, small })
        {
            string message = Assert.Throws<ArgumentException>(() => new GenerationEngine(model, Rounding)).Message;
            Assert.Contains("RoundsActivations", message, StringComparison.Ordinal);
            Assert.Contains("int4", message, StringComparison.Ordinal);
        }
    }

    private static CausalLanguageModel Create(int groupSize, bool symmetric)
    {
        CausalLanguageModel model = CausalLanguageModel.Create(Config, seed: 3, new ModelLoadOptions { DataType = ScalarType.Float32 });
        ModelQuantizer.Quantize(model, new QuantizationOptions { Format = QuantizationFormat.Int4, GroupSize = groupSize, Symmetric = symmetric });
        return model;
    }

    private static async Task<GenerationResult> GenerateAsync(CausalLanguageModel model, GenerationEngineOptions options, int strangers)
    {
        await using var engine = new GenerationEngine(model, options);
        Task<GenerationResult>[] others = [.. Enumerable.Range(0, strangers).Select(i => engine.GenerateAsync(Request(7 + (i * 13), 2 + (ulong)i)))];
        GenerationResult result = await engine.GenerateAsync(Request(77, 1));
        await Task.WhenAll(others);
        return result;
    }

    private static GenerationRequest Request(int length, ulong seed)
    {
        var random = new SplitMix64(seed);
        return new GenerationRequest
        {
            Prompt = Enumerable.Range(0, length).Select(_ => random.NextInt(Config.VocabularySize)).ToArray(),
            Options = new GenerationOptions { MaximumNewTokens = 24, StopTokenIds = [], LogProbabilities = 0 },
        };
    }
}
