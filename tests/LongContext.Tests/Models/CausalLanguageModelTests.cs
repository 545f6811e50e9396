using LongContext.Attention;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

public sealed class CausalLanguageModelTests
{
    private static readonly Dictionary<string, RopeScaling> Scalings = new()
    {
        ["none"] = RopeScaling.None,
        ["linear"] = RopeScaling.Linear(4),
        ["dynamic"] = RopeScaling.DynamicNtk(4),
    };

    /// <summary>Longer and shorter than the trained window of 32, and two of one length.</summary>
    private static readonly int[] Lengths = [40, 7, 90, 1, 33, 33];

    public static TheoryData<string> ScalingNames() => [.. Scalings.Keys];

    [Theory, MemberData(nameof(ScalingNames))]
    public void Forward_OfAPack_IsItsDocumentsApart(string scaling)
    {
        using CausalLanguageModel model = TinyModels.Create(Scalings[scaling]);
        TokenSequence[] documents = [.. Lengths.Select((length, i) => TinyModels.Document(length, i))];
        double[] packed = TinyModels.Logits(model, PackedBatch.Create(documents));
        double[] apart = [.. documents.SelectMany(document => TinyModels.Logits(model, PackedBatch.Create([document])))];
        TinyModels.AssertClose(apart, packed, 1e-12);
    }

    [Theory, MemberData(nameof(ScalingNames))]
    public void Backward_OfAPack_IsTheSumOfItsDocuments(string scaling)
    {
        using CausalLanguageModel model = TinyModels.Create(Scalings[scaling]);
        TokenSequence[] documents = [.. Lengths.Select((length, i) => TinyModels.Document(length, i))];
        (double packedLoss, Dictionary<string, double[]> packed) = Gradients(model, [PackedBatch.Create(documents)]);
        (double apartLoss, Dictionary<string, double[]> apart) = Gradients(model, [.. documents.Select(document => PackedBatch.Create([document]))]);
        Assert.Equal(1, packedLoss / apartLoss, 1e-12);
        foreach ((string name, double[] gradient) in apart) TinyModels.AssertClose(gradient, packed[name], 1e-11, name);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_OfEveryWeight_IsTheSlopeOfTheLoss(bool tied)
    {
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(9, 1), TinyModels.Document(5, 2)], LossWeighting.PerSequence);
        (_, Dictionary<string, double[]> gradients) = Gradients(model, [pack]);
        var random = new Random(3);
        foreach ((string name, Tensor parameter) in model.Parameters)
        {
            using var flat = parameter.view(-1);
            for (int trial = 0; trial < 4; trial++)
            {
                const double Step = 1e-6;
                int i = random.Next((int)flat.numel());
                double before = TinyModels.Doubles(flat)[i];
                TinyModels.SetValue(flat, i, before + Step);
                double above = Loss(model, pack);
                TinyModels.SetValue(flat, i, before - Step);
                double below = Loss(model, pack);
                TinyModels.SetValue(flat, i, before);
                Assert.Equal((above - below) / (2 * Step), gradients[name][i], 1e-7);
            }
        }
    }

    [Fact]
    public void Forward_Dynamic_GoesByEachDocumentsOwnLength()
    {
        using CausalLanguageModel dynamic = TinyModels.Create(RopeScaling.DynamicNtk(4)), plain = TinyModels.Create();
        TokenSequence within = TinyModels.Document(TinyModels.TrainedWindow, 1), beyond = TinyModels.Document(TinyModels.TrainedWindow + 1, 2);
        PackedBatch pack = PackedBatch.Create([beyond, within]);
        double[] scaled = TinyModels.Logits(dynamic, pack), unscaled = TinyModels.Logits(plain, pack);
        int border = beyond.Length * TinyModels.Vocabulary;
        Assert.Equal(unscaled[border..], scaled[border..]);
        Assert.NotEqual(unscaled[..border], scaled[..border]);
    }

    [Fact]
    public void Forward_LinearByOne_IsPlain()
    {
        using CausalLanguageModel linear = TinyModels.Create(RopeScaling.Linear(1)), plain = TinyModels.Create();
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(100, 1), TinyModels.Document(9, 2)]);
        Assert.Equal(TinyModels.Logits(plain, pack), TinyModels.Logits(linear, pack));
    }

    [Fact]
    public void Forward_LinearByTwo_IsPlainAtHalfTheFrequencies()
    {
        // Position 2m under linear ×2 turns as position m without: a document on even positions equals the plain one.
        using CausalLanguageModel linear = TinyModels.Create(RopeScaling.Linear(2)), plain = TinyModels.Create();
        int[] tokens = TinyModels.Tokens(40, 1);
        double[] stretched = LogitsAt(linear, tokens, i => 2 * i), expected = LogitsAt(plain, tokens, i => i);
        Assert.Equal(expected, stretched);
        Assert.NotEqual(expected, LogitsAt(linear, tokens, i => i));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("linear")]
    public void Forward_AllPositionsShifted_ChangesNothing(string scaling)
    {
        using CausalLanguageModel model = TinyModels.Create(Scalings[scaling]);
        int[] tokens = TinyModels.Tokens(50, 1);
        // Only distances count. cos and sin are rounded to float32.
        TinyModels.AssertClose(LogitsAt(model, tokens, i => i), LogitsAt(model, tokens, i => i + 1000), 1e-5);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(TinyModels.Vocabulary)]
    public void Forward_TokenOutsideTheVocabulary_IsRefusedByName(int token)
    {
        using CausalLanguageModel model = TinyModels.Create();
        using PackedInputs inputs = PackedInputs.Create(PackedBatch.Create([new TokenSequence(new[] { 3, token, 4 })]));
        ArgumentException e = Assert.Throws<ArgumentException>(() => model.Forward(inputs));
        Assert.Contains(token.ToString(System.Globalization.CultureInfo.InvariantCulture), e.Message, StringComparison.Ordinal);
        Assert.Contains("48", e.Message, StringComparison.Ordinal);

        using var cache = new KeyValueCache(2);
        Assert.Throws<ArgumentException>("tokens", () => model.ForwardCached([token], cache));
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void ForwardCached_WhatDoesNotFit_IsRefusedByName()
    {
        using CausalLanguageModel model = TinyModels.Create();
        using KeyValueCache two = new(2), three = new(3);
        Assert.Throws<ArgumentException>("tokens", () => model.ForwardCached([], two));
        Assert.Throws<ArgumentException>("cache", () => model.ForwardCached([3], three));
        Assert.Throws<ArgumentNullException>("cache", () => model.ForwardCached([3], null!));
        Assert.Throws<ArgumentNullException>("inputs", () => model.Forward(null!));
    }

    [Fact]
    public void Create_SameSeed_GivesSameWeights()
    {
        using CausalLanguageModel one = TinyModels.Create(seed: 8), same = TinyModels.Create(seed: 8), other = TinyModels.Create(seed: 9);
        TinyModels.AssertSameBytes(TinyModels.Bytes(one), TinyModels.Bytes(same));
        Assert.NotEqual(TinyModels.Bytes(one)["lm_head.weight"], TinyModels.Bytes(other)["lm_head.weight"]);
        Assert.All(TinyModels.Doubles(one.Parameters["model.norm.weight"]), value => Assert.Equal(1, value));
        double[] matrix = TinyModels.Doubles(one.Parameters["model.embed_tokens.weight"]);
        Assert.Equal(0.3, Math.Sqrt(matrix.Sum(value => value * value) / matrix.Length), 0.03);
        Assert.Equal(one.Parameters.ElementCount, one.Parameters.Values.Sum(tensor => tensor.numel()));
    }

    [Fact]
    public void Create_ConfigOutOfRange_NamesEveryFault()
    {
        ArgumentException e = Assert.Throws<ArgumentException>(
            () => CausalLanguageModel.Create(TinyModels.Config() with { VocabularySize = 0, KeyValueHeadCount = 3 }, seed: 0));
        Assert.Contains("vocab_size", e.Message, StringComparison.Ordinal);
        Assert.Contains("num_key_value_heads", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Create_KernelThatCannot_SaysWhy()
    {
        NotSupportedException e = Assert.Throws<NotSupportedException>(
            () => CausalLanguageModel.Create(TinyModels.Config(), seed: 0, new ModelLoadOptions { AttentionKernel = new LazyKernel() }));
        Assert.Contains("lazy", e.Message, StringComparison.Ordinal);
        Assert.Contains("heads of 8 are too small", e.Message, StringComparison.Ordinal);
    }

    private static double[] LogitsAt(CausalLanguageModel model, int[] tokens, Func<int, int> position)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        int[] positions = [.. Enumerable.Range(0, tokens.Length).Select(position)];
        using PackedInputs inputs = PackedInputs.Create(tokens, positions, new[] { 0, tokens.Length }, CPU);
        return TinyModels.Doubles(model.Logits(model.Forward(inputs)));
    }

    private static double Loss(CausalLanguageModel model, PackedBatch pack) => StepGradients.Layerwise(model, [pack]).Loss;

    private static (double Loss, Dictionary<string, double[]> Gradients) Gradients(CausalLanguageModel model, PackedBatch[] packs)
    {
        StepGradients step = StepGradients.Layerwise(model, packs);
        return (step.Loss, step.Gradients.ToDictionary());
    }

    private sealed class LazyKernel : IAttentionKernel
    {
        public string Name => "lazy";

        public string? WhyNot(Device device, ScalarType dataType, int headDimension, AttentionArguments arguments) => $"heads of {headDimension} are too small";

        public Tensor Forward(Tensor q, Tensor k, Tensor v, AttentionArguments arguments) => throw new NotSupportedException();

        public (Tensor Output, Tensor LogSumExp) ForwardWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionArguments arguments) => throw new NotSupportedException();
    }

    [Fact]
    public void AnyCall_AfterDispose_Throws()
    {
        CausalLanguageModel model = TinyModels.Create();
        using PackedInputs inputs = PackedInputs.Create(PackedBatch.CreatePrompt(new[] { 3, 4, 5 }));
        using Tensor hidden = model.Forward(inputs);
        model.Dispose();
        model.Dispose();
        using var cache = new KeyValueCache(2);
        Assert.Throws<ObjectDisposedException>(() => model.Forward(inputs));
        Assert.Throws<ObjectDisposedException>(() => model.ForwardCached([3], cache));
        Assert.Throws<ObjectDisposedException>(() => model.Logits(hidden));
        Assert.Throws<ObjectDisposedException>(() => model.Save(Path.GetTempPath()));
    }

    [Fact]
    public void Load_QuantisedOrDynamicWithAnotherWindow_IsRefused()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel model = TinyModels.Create(RopeScaling.DynamicNtk(4))) model.Save(folder.Path);
        Assert.Throws<ArgumentException>("contextLength", () => CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { ContextLength = 4096 }));

        string config = folder["config.json"];
        string json = File.ReadAllText(config);
        File.WriteAllText(config, "{ \"quantization_config\": {\"bits\": 4}," + json[(json.IndexOf('{', StringComparison.Ordinal) + 1)..]);
        Assert.Contains("quantization_config", Assert.Throws<NotSupportedException>(() => CausalLanguageModel.Load(folder.Path)).Message, StringComparison.Ordinal);
    }
}
