using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation;

/// <summary>With a cache and without: the same scores at every step, past the trained window (32) and past the cache's first room (64).</summary>
public sealed class CachedForwardTests
{
    private const int Length = 100;

    private static readonly Dictionary<string, RopeScaling> Scalings = new()
    {
        ["none"] = RopeScaling.None,
        ["linear"] = RopeScaling.Linear(4),
        ["dynamic"] = RopeScaling.DynamicNtk(4),
    };

    [Theory]
    [InlineData("none", false)]
    [InlineData("none", true)]
    [InlineData("linear", false)]
    [InlineData("linear", true)]
    public void ForwardCached_EachStep_GivesTheWholesScores(string scaling, bool rerotates)
    {
        using CausalLanguageModel model = TinyModels.Create(Scalings[scaling]);
        int[] tokens = TinyModels.Tokens(Length, 1);
        using var cache = new KeyValueCache(model.Config.LayerCount, rerotates);
        double[] logits = Step(model, tokens[..5], cache);
        for (int length = 5; length <= Length; length++)
        {
            if (length > 5) logits = Step(model, [tokens[length - 1]], cache);
            TinyModels.AssertClose(Whole(model, tokens[..length]), logits, 1e-12, $"length {length}");
            Assert.Equal(length, cache.Length);
        }
    }

    [Fact]
    public void ForwardCached_DynamicWithOneLayer_RerotatedEqualsTheWholeAndOtherwiseDoesNot()
    {
        // One layer: cached keys depend on the tokens alone, so rotating them anew is all there is to recomputing. (Deeper
        // layers' keys are made of states that saw the frequencies of their own time; no rotation brings those up to date.)
        using CausalLanguageModel model = CausalLanguageModel.Create(
            TinyModels.Config(RopeScaling.DynamicNtk(4)) with { LayerCount = 1 }, 5, new ModelLoadOptions { DataType = ScalarType.Float64 });
        int[] tokens = TinyModels.Tokens(Length, 1);
        using KeyValueCache anew = new(1, rerotatesKeys: true), kept = new(1);
        for (int length = 1; length <= Length; length++)
        {
            double[] whole = Whole(model, tokens[..length]), rerotated = Step(model, [tokens[length - 1]], anew), asMade = Step(model, [tokens[length - 1]], kept);
            TinyModels.AssertClose(whole, rerotated, 1e-12, $"length {length}");
            // transformers' way is the same up to the trained window, and another beyond.
            if (length <= TinyModels.TrainedWindow) TinyModels.AssertClose(whole, asMade, 1e-12, $"length {length}");
            else Assert.True(whole.Zip(asMade, (a, b) => Math.Abs(a - b)).Max() > 1e-6, $"length {length}: the keys seem to have been rotated anew");
        }
    }

    [Theory]
    [InlineData("none", false)]
    [InlineData("linear", false)]
    [InlineData("dynamic", false)]
    [InlineData("dynamic", true)]
    public void ForwardCached_PromptInChunks_IsThePromptInOnePiece(string scaling, bool rerotates)
    {
        using CausalLanguageModel model = TinyModels.Create(Scalings[scaling]);
        int[] tokens = TinyModels.Tokens(Length, 1);
        double[] whole = Whole(model, tokens);
        foreach (int chunk in new[] { 1, 7, 64, 99, 100, 1000 })
        {
            using var cache = new KeyValueCache(model.Config.LayerCount, rerotates);
            double[] logits = [];
            for (int start = 0; start < Length; start += chunk)
                logits = Step(model, tokens[start..Math.Min(Length, start + chunk)], cache, sequenceLength: Length);
            TinyModels.AssertClose(whole, logits, 1e-12, $"chunks of {chunk}");
        }
    }

    [Fact]
    public void Truncate_ThenOtherTokens_IsAsIfTheyHadComeFirst()
    {
        using CausalLanguageModel model = TinyModels.Create();
        int[] tokens = TinyModels.Tokens(90, 1), others = TinyModels.Tokens(10, 2);
        using var cache = new KeyValueCache(model.Config.LayerCount);
        Step(model, tokens, cache);
        cache.Truncate(70);
        Assert.Equal(70, cache.Length);
        TinyModels.AssertClose(Whole(model, [.. tokens[..70], .. others]), Step(model, others, cache), 1e-12);
        cache.Truncate(0);
        TinyModels.AssertClose(Whole(model, others), Step(model, others, cache), 1e-12);
    }

    [Fact]
    public void ForwardCached_ThatFails_LeavesTheCacheAsItWas()
    {
        var kernel = new Training.KernelWithEvents { BeforeCall = call => { if (call == 4) throw new InvalidDataException("in the second layer"); } };
        using CausalLanguageModel model = CausalLanguageModel.Create(
            TinyModels.Config(), 5, new ModelLoadOptions { DataType = ScalarType.Float64, AttentionKernel = kernel });
        int[] tokens = TinyModels.Tokens(12, 1);
        using var cache = new KeyValueCache(model.Config.LayerCount);
        Step(model, tokens[..8], cache);
        Assert.Throws<InvalidDataException>(() => Step(model, TinyModels.Tokens(3, 9), cache));
        Assert.Equal(8, cache.Length);
        TinyModels.AssertClose(Whole(model, tokens), Step(model, tokens[8..], cache), 1e-12);
    }

    [Fact]
    public void KeyValueCache_Bounds_AreChecked()
    {
        Assert.Throws<ArgumentOutOfRangeException>("layerCount", () => new KeyValueCache(0));
        using CausalLanguageModel model = TinyModels.Create();
        using var cache = new KeyValueCache(model.Config.LayerCount);
        Assert.Equal((0, 0L, 2), (cache.Length, cache.ByteCount, cache.LayerCount));
        Step(model, TinyModels.Tokens(3, 1), cache);
        // 2 layers × keys and values × room for 64 tokens × 2 heads of 8 × 8 bytes.
        Assert.Equal(2 * 2 * 64 * 2 * 8 * 8, cache.ByteCount);
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(4));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(-1));
        Assert.Equal(3, cache.Length);
    }

    private static double[] Step(CausalLanguageModel model, int[] tokens, KeyValueCache cache, int sequenceLength = 0)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        Tensor hidden_TE = model.ForwardCached(tokens, cache, sequenceLength);
        return TinyModels.Doubles(model.Logits(hidden_TE.narrow(0, hidden_TE.shape[0] - 1, 1)));
    }

    private static double[] Whole(CausalLanguageModel model, int[] tokens) => TinyModels.Logits(model, PackedBatch.CreatePrompt(tokens))[^TinyModels.Vocabulary..];

    [Fact]
    public void ForwardCached_EmptiedCacheUnderOtherPositionsOrModel_BeginsAnew()
    {
        using CausalLanguageModel model = TinyModels.Create(), half = TinyModels.Create(dataType: ScalarType.BFloat16);
        using var cache = new KeyValueCache(2);
        model.PositionRemapping = new LongContext.Positions.SelfExtend(2, 8);
        int[] tokens = TinyModels.Tokens(9, 4);
        model.ForwardCached(tokens, cache).Dispose();

        cache.Truncate(0);
        model.PositionRemapping = null;
        using Tensor again = model.ForwardCached(tokens, cache);
        using var fresh = new KeyValueCache(2);
        using Tensor expected = model.ForwardCached(tokens, fresh);
        Assert.Equal(TinyModels.Doubles(expected), TinyModels.Doubles(again));

        cache.Truncate(0);
        half.ForwardCached(tokens, cache).Dispose();
    }
}
