using LongContext.Generation;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Engine;

/// <summary>Weights that change where they lie, as training changes them, and an engine that is told by clearing its cache.</summary>
public sealed class TrainedBehindItsBackTests
{
    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public async Task ClearCacheAsync_AfterBiasesChanged_AnswersByTheNewOnes(ScalarType type)
    {
        CancellationToken ended = TestContext.Current.CancellationToken;
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config() with { AttentionBias = true }, 5, new ModelLoadOptions { DataType = type });
        var request = new GenerationRequest { Prompt = TinyModels.Tokens(12, 1), Options = new GenerationOptions { MaximumNewTokens = 12, StopTokenIds = [] } };
        await using GenerationEngine engine = Make();
        int[] before = [.. (await engine.GenerateAsync(request, ended)).Tokens];
        using (no_grad())
        using (NewDisposeScope())
        {
            foreach ((string name, Tensor value) in model.Parameters)
            {
                // Through a view, as a layer's slices are trained.
                if (name.EndsWith(".bias", StringComparison.Ordinal)) value.narrow(0, 0, value.shape[0]).copy_(randn_like(value));
            }
        }

        await engine.ClearCacheAsync();
        int[] after = [.. (await engine.GenerateAsync(request, ended)).Tokens];
        await using GenerationEngine other = Make();
        Assert.Equal((await other.GenerateAsync(request, ended)).Tokens, after);
        Assert.NotEqual(before, after);

        GenerationEngine Make() => new(model, new GenerationEngineOptions { CacheTokens = 256 });
    }
}
