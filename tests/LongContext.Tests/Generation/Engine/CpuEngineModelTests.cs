using LongContext.Cpu.Attention;
using LongContext.Generation;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Tests.Models;

namespace LongContext.Tests.Generation.Engine;

[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class CpuEngineModelTests : EngineModelSuite
{
    internal override IModelRunner Create(CausalLanguageModel model, RunnerOptions options) => new CpuModelRunner(model, options);

    internal override bool IsExact => true;

    internal override IReadOnlyList<int> StepTokens => [64, 7, 1];

    /// <summary>Bounds as measured and doubled, of the largest logit, as for the runners.</summary>
    [Theory]
    [InlineData(KeyValueCacheFormat.BFloat16, 0.011)]
    [InlineData(KeyValueCacheFormat.Int8, 0.037)]
    [InlineData(KeyValueCacheFormat.Float8, 0.15)]
    public async Task GenerateAsync_CacheInAnotherFormat_HasTheSameBitsInAnyCompanyAndItsErrorIsBounded(KeyValueCacheFormat format, double bound)
    {
        CacheFormat own = Enum.Parse<CacheFormat>(format.ToString());
        foreach (string name in new[] { "llama-default", "gemma3", "qwen3", "olmo2", "mistral-window", "phi3-longrope", "llama-dynamic4" })
        {
            using CausalLanguageModel model = FixtureModels.Load(name);
            int[] prompt = Stranger(model, 70, 5).Prompt.ToArray();
            await using Made alone = Make(model, step: 70, sequences: 1, pageTokens: 64, reuses: false, format: own);
            GenerationRequest request = new() { Prompt = prompt, Options = new GenerationOptions { MaximumNewTokens = 40, StopTokenIds = [], LogProbabilities = model.Config.VocabularySize - 1 } };
            GenerationResult expected = await alone.GenerateAsync(request, opens: true);
            var golden = new Golden(prompt, [.. expected.Tokens]);
            golden.Check(expected, name, exactly: true);

            // Among strangers and in little memory, then from what was kept, then with guesses.
            await using Made shared = Make(model, step: 24, sequences: 3, pageTokens: 16, reuses: true, cache: needs => needs.Bytes(160, 24), format: own);
            Task<GenerationResult>[] strangers = [.. new[] { 30, 66 }.Select(length => shared.GenerateAsync(Stranger(model, length, 4, most: 50)))];
            golden.Check(await shared.GenerateAsync(golden.Request() with { Priority = -1 }, opens: true), $"{name} {format} among strangers", exactly: true);
            await Task.WhenAll(strangers);
            golden.Check(await shared.GenerateAsync(golden.Request(Guessing)), $"{name} {format} again", exactly: true);

            // The first token's logarithms are logits less the logarithm of a sum, which moves by no more than the largest logit.
            float[] logits = ModelFixtureTests.Logits(model, prompt)[^model.Config.VocabularySize..];
            double sum = Math.Log(logits.Sum(logit => Math.Exp(logit))), largest = logits.Max(MathF.Abs), off = 0;
            foreach (TokenLogProbability token in expected.Details![0].Alternatives!) off = Math.Max(off, Math.Abs(logits[token.TokenId] - sum - token.LogProbability));
            Assert.True(off > 1e-6 && off <= 2 * bound * largest, $"{name} {format}: off by {off / largest:E2} of the largest logit");
        }
    }
}
