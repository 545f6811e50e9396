using LongContext.Checkpoints;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

public sealed class PositionRemappingModelTests
{
    public static TheoryData<PositionRemapping> Cases() => [new SelfExtend(4, 8), new SelfExtend(2, 16), new DualChunkAttention(32, 8), new DualChunkAttention(12, 3)];

    [Theory]
    [InlineData(32)]
    [InlineData(24)]
    public void Forward_WithinWhatKeepsItsDistance_GivesThePlainLogits(int length)
    {
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(length, 1), TinyModels.Document(5, 2)]);
        using CausalLanguageModel model = TinyModels.Create();
        double[] plain = TinyModels.Logits(model, pack);
        foreach (PositionRemapping remapping in new PositionRemapping[] { new SelfExtend(8, 32), new SelfExtend(1, 4), new DualChunkAttention(32, 8) })
        {
            // The dual chunks of 24 tokens end in a chunk border at 24, after which 8 tokens keep their distance only to the last 8.
            if (remapping is DualChunkAttention && length > 24) continue;
            model.PositionRemapping = remapping;
            TinyModels.AssertClose(plain, TinyModels.Logits(model, pack), 1e-12, $"{remapping}");
        }

        model.PositionRemapping = null;
        Assert.Equal(plain, TinyModels.Logits(model, pack));
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_BeyondTheWindow_DiffersFromPlainAndPacksEqualDocumentsApart(PositionRemapping remapping)
    {
        TokenSequence[] documents = [TinyModels.Document(70, 1), TinyModels.Document(3, 2), TinyModels.Document(41, 3)];
        using CausalLanguageModel model = TinyModels.Create();
        double[] plain = TinyModels.Logits(model, PackedBatch.Create(documents));
        model.PositionRemapping = remapping;
        double[] packed = TinyModels.Logits(model, PackedBatch.Create(documents));
        double[] apart = [.. documents.SelectMany(document => TinyModels.Logits(model, PackedBatch.Create([document])))];
        TinyModels.AssertClose(apart, packed, 1e-12);
        Assert.True(plain.Zip(packed, (a, b) => Math.Abs(a - b)).Max() > 1e-6);
    }

    [Theory, MemberData(nameof(Cases))]
    public void ForwardCached_InChunks_GivesTheWholesScores(PositionRemapping remapping)
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.PositionRemapping = remapping;
        int[] tokens = TinyModels.Tokens(90, 4);
        double[] whole = TinyModels.Logits(model, PackedBatch.CreatePrompt(tokens));
        using var cache = new KeyValueCache(model.Config.LayerCount);
        var cached = new List<double>();
        int at = 0;
        foreach (int size in new[] { 40, 1, 1, 7, 30, 11 })
        {
            using var scope = NewDisposeScope();
            cached.AddRange(TinyModels.Doubles(model.Logits(model.ForwardCached(tokens.AsSpan(at, size), cache))));
            at += size;
        }

        Assert.Equal(tokens.Length, at);
        TinyModels.AssertClose(whole, [.. cached], 1e-12);
    }

    [Fact]
    public void Backward_Remapped_GivesTheNumericalGradient()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.PositionRemapping = new SelfExtend(3, 5);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        Tensor weight = model.Parameters["model.layers.0.self_attn.q_proj.weight"];
        using var scope = NewDisposeScope();
        weight.requires_grad_(true);
        Score().backward();
        double expected = TinyModels.Doubles(weight.grad!)[7];
        weight.requires_grad_(false);

        const double Step = 1e-6;
        double up = Shifted(Step), down = Shifted(-Step);
        Assert.Equal(expected, (up - down) / (2 * Step), 1e-5 * Math.Max(1, Math.Abs(expected)));

        double Shifted(double by)
        {
            using var inner = NewDisposeScope();
            weight.view(-1).narrow(0, 7, 1).AddInPlace(by);
            double score = Score().item<double>();
            weight.view(-1).narrow(0, 7, 1).AddInPlace(-by);
            return score;
        }

        Tensor Score()
        {
            using PackedInputs inputs = PackedInputs.Create(pack);
            return model.Logits(model.Forward(inputs)).Squared().sum();
        }
    }

    [Fact]
    public void PositionRemapping_CannotBeUsed_SaysWhy()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Contains("is 32", Refusal(model, new SelfExtend(2, 33)), StringComparison.Ordinal);
        Assert.Contains("is 32", Refusal(model, new DualChunkAttention(33, 4)), StringComparison.Ordinal);
        using CausalLanguageModel dynamic = TinyModels.Create(RopeScaling.DynamicNtk(4));
        Assert.Contains("depend on the sequence's length", Refusal(dynamic, new SelfExtend(2, 8)), StringComparison.Ordinal);
        ModelConfig windowed = (TinyModels.Config() with { ModelType = "mistral" }).WithField("sliding_window", 8);
        Assert.Throws<ArgumentException>("value", () => CausalLanguageModel.Create(windowed, 1, new ModelLoadOptions { PositionRemapping = new SelfExtend(2, 8) }));

        static string Refusal(CausalLanguageModel model, PositionRemapping remapping) =>
            Assert.Throws<ArgumentException>("value", () => model.PositionRemapping = remapping).Message;
    }

    [Fact]
    public void ForwardCached_CacheOfAnotherRemapping_Throws()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using var cache = new KeyValueCache(model.Config.LayerCount);
        model.ForwardCached([3, 4], cache).Dispose();
        model.PositionRemapping = new DualChunkAttention(16, 4);
        Assert.Contains("DualChunkAttention", Assert.Throws<ArgumentException>("cache", () => model.ForwardCached([5], cache)).Message, StringComparison.Ordinal);
        using var unrotated = new KeyValueCache(model.Config.LayerCount, rerotatesKeys: true);
        Assert.Throws<ArgumentException>("cache", () => model.ForwardCached([5], unrotated));
    }

    /// <summary>What the two are for: a pretrained model eight times beyond its window of 128, untuned.</summary>
    [Fact]
    public void Perplexity_RealModelBeyondItsWindow_IsFarBelowThePlain()
    {
        string folder = TestPaths.RequireShared("models", "aidreams-260k");
        PackedBatch[] packs = RealModelTests.Windows(length: 1_024, count: 2);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder);
        double plain = Perplexity();
        model.PositionRemapping = new SelfExtend(groupSize: 16, neighborWindow: 64);
        double selfExtend = Perplexity();
        model.PositionRemapping = new DualChunkAttention(chunkSize: 128, localSize: 32);
        double dualChunk = Perplexity();
        TestContext.Current.SendDiagnosticMessage($"plain {plain:F2}, Self-Extend {selfExtend:F2}, dual chunk {dualChunk:F2}");
        Assert.True(plain > 25, $"plain {plain:F2}");
        Assert.True(selfExtend < 9, $"Self-Extend {selfExtend:F2}");
        Assert.True(dualChunk < 9, $"dual chunk {dualChunk:F2}");

        double Perplexity() => new PerplexityEvaluator(model).Evaluate(packs).Perplexity;
    }
}
