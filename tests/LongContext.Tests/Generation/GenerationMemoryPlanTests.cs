using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation;

public sealed class GenerationMemoryPlanTests
{
    /// <summary>As Llama-3.2-1B.</summary>
    private static readonly ModelConfig Llama1B = new()
    {
        ModelType = "llama", VocabularySize = 128_256, HiddenSize = 2048, IntermediateSize = 8192, LayerCount = 16, HeadCount = 32, KeyValueHeadCount = 8, HeadDimension = 64,
        MaxPositionEmbeddings = 131_072, TieWordEmbeddings = true,
    };

    private static long Bytes(GenerationMemoryPlan plan, string name) => plan.Items.Single(item => item.Name == name).Bytes;

    [Fact]
    public void For_ConfigOnACard_TakesWhatIsLeftBesideWeightsAndSteps()
    {
        var gpu = new ModelLoadOptions { Device = new Device(TorchSharp.DeviceType.CUDA, 0) };
        GenerationMemoryPlan plan = GenerationMemoryPlan.For(Llama1B, 24_000_000_000, load: gpu);
        Assert.Equal(2_471_628_800, Bytes(plan, "weights"));
        Assert.Equal((24_000_000_000, 21_600_000_000), (plan.TotalBytes, plan.UsableBytes));
        Assert.True(plan.Fits);
        Assert.InRange(plan.PlannedBytes, plan.UsableBytes - 10, plan.UsableBytes);
        // 32 KB a token in bfloat16: 2 · 8 heads · 64 · 2 bytes · 16 layers.
        Assert.Equal(100_000 / 64 * 64 * 32_768L, plan.SequenceBytes((100_000 / 64 * 64) + 1));
        Assert.InRange(plan.MaximumSequenceTokens, 400_000, 560_000);
        Assert.Equal(plan.CacheBytes / plan.SequenceBytes(8_192), plan.MaximumSequences(8_192));
        Assert.Equal(0, plan.MaximumSequences(plan.MaximumSequenceTokens + 1));
        Assert.Equal(1, plan.MaximumSequences(plan.MaximumSequenceTokens));
        // Half of the bytes a number, and scales.
        GenerationMemoryPlan small = GenerationMemoryPlan.For(Llama1B, 24_000_000_000, new GenerationEngineOptions { CacheFormat = KeyValueCacheFormat.Int8 }, gpu);
        Assert.InRange((double)plan.SequenceBytes(8_193) / small.SequenceBytes(8_193), 1.85, 2);
        Assert.Contains("one request of up to", plan.ToString(), StringComparison.Ordinal);
        Assert.Contains("weights 2,472", plan.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void For_ConfigOnTheCpu_NeedsNoMoreThanTheRequestsItMayRun()
    {
        GenerationMemoryPlan plan = GenerationMemoryPlan.For(Llama1B, 1L << 40, new GenerationEngineOptions { MaximumSequences = 2 });
        Assert.Equal(2 * 131_072 * 32_768L, plan.CacheBytes);
        Assert.Equal(2, plan.MaximumSequences(131_073));
        Assert.True(plan.Fits && plan.PlannedBytes < plan.UsableBytes / 10);
    }

    [Fact]
    public void For_LessThanTheModelNeeds_SaysSo()
    {
        GenerationMemoryPlan plan = GenerationMemoryPlan.For(Llama1B, 2_000_000_000);
        Assert.False(plan.Fits);
        Assert.Contains("which is too much", plan.ToString(), StringComparison.Ordinal);
        // A request of a page is not refused for that.
        Assert.True(plan.CacheBytes > 0);
        Assert.Equal(0, plan.MaximumSequences(1_000));
        GenerationMemoryPlan asked = GenerationMemoryPlan.For(Llama1B, 8_000_000_000, new GenerationEngineOptions { CacheTokens = 500_000 });
        Assert.True(!asked.Fits && asked.MaximumSequenceTokens > 500_000);
    }

    [Fact]
    public void For_BadValues_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => GenerationMemoryPlan.For(Llama1B, 0));
        Assert.Contains("MemoryUtilization", Assert.Throws<ArgumentException>(() => GenerationMemoryPlan.For(Llama1B, 1, new GenerationEngineOptions { MemoryUtilization = 1.1 })).Message, StringComparison.Ordinal);
        Assert.Contains("OvertakingLimit", Assert.Throws<ArgumentException>(() => GenerationMemoryPlan.For(Llama1B, 1, new GenerationEngineOptions { OvertakingLimit = 0 })).Message, StringComparison.Ordinal);
        Assert.Throws<NotSupportedException>(() => GenerationMemoryPlan.For(Llama1B with { ModelType = "unknown" }, 1 << 30));
        Assert.Throws<ArgumentOutOfRangeException>(() => GenerationMemoryPlan.For(Llama1B, 1L << 34).SequenceBytes(0));
    }

    [Fact]
    public async Task MemoryPlan_OfAnEngine_IsWhatRequestsAreTakenBy()
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        var options = new GenerationEngineOptions { MaximumSequences = 3, StepTokens = 16, MemoryUtilization = 1, AllowsBeyondContext = true };
        GenerationMemoryPlan before = GenerationMemoryPlan.For(model, options);
        await using var engine = new GenerationEngine(model, options);
        GenerationMemoryPlan plan = engine.MemoryPlan;
        Assert.Equal(before.CacheBytes, plan.CacheBytes);
        Assert.Equal(plan.CacheBytes, engine.Statistics.CacheBytes);
        Assert.Equal(model.Parameters.ElementCount * sizeof(float), Bytes(plan, "weights"));
        Assert.Equal(plan.MaximumSequenceTokens, engine.MaximumSequenceTokens);
        CacheCapacityException e = Assert.Throws<CacheCapacityException>(() => engine.StreamAsync(Request(plan.MaximumSequenceTokens + 1)));
        Assert.Equal(plan.SequenceBytes(plan.MaximumSequenceTokens + 1), e.RequiredBytes);
        Assert.True(plan.SequenceBytes(plan.MaximumSequenceTokens) <= plan.CacheBytes);
        engine.StreamAsync(Request(plan.MaximumSequenceTokens));

        static GenerationRequest Request(int tokens) => new() { Prompt = new int[tokens - 1], Options = new GenerationOptions { MaximumNewTokens = 1 } };
    }
}
