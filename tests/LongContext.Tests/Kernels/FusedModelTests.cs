using LongContext.Adapters;
using LongContext.Attention;
using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tests.Attention;
using LongContext.Tests.Models;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Kernels;

/// <summary>
/// Small whole models with every fused kernel and tiled attention on the emulator: outputs, losses and all gradients are as near float64's
/// as those of libtorch's operators in the same type, and no tensor is left.
/// </summary>
[Collection(TensorCounting.Name)]
public sealed class FusedModelTests
{
    /// <summary>What differs from a Llama: projections in one matrix, norms of heads; or norms around, offsets, soft caps and windows.</summary>
    private static readonly Dictionary<string, string> Families = new()
    {
        ["llama"] = "\"tie_word_embeddings\": true",
        ["phi3"] = "\"partial_rotary_factor\": 0.5, \"pad_token_id\": 0",
        ["qwen3"] = "\"tie_word_embeddings\": false",
        ["gemma2"] = "\"sliding_window\": 9, \"query_pre_attn_scalar\": 64, \"final_logit_softcapping\": 8, \"attn_logit_softcapping\": 20, \"hidden_activation\": \"gelu_pytorch_tanh\"",
    };

    private static readonly PackedBatch Pack = PackedBatch.Create([Document(33, 1), Document(1, 2), Document(20, 3)], LossWeighting.PerSequence);

    public static TheoryData<string, ScalarType, string> Cases => new()
    {
        { "llama", ScalarType.BFloat16, "layers" }, { "phi3", ScalarType.BFloat16, "everything" }, { "qwen3", ScalarType.Float16, "tiles" }, { "gemma2", ScalarType.BFloat16, "tiles" },
    };

    private static ActivationPolicy Policy(string name) => name switch
    {
        "everything" => ActivationPolicy.KeepEverything,
        "tiles" => new ActivationPolicy { TileTokens = 24 },
        _ => ActivationPolicy.RecomputeLayers,
    };

    [Theory, MemberData(nameof(Cases))]
    public void LayerwiseStep_WithEveryKernel_IsAsGoodAsWithOperators(string family, ScalarType type, string policyName)
    {
        ModelConfig config = Config(family);
        using CausalLanguageModel plain = Create(config, type, AttentionKernels.Libtorch), wide = Create(config, ScalarType.Float64, AttentionKernels.Libtorch);
        foreach ((Parameter to, Parameter from) in wide.Parameters.All.Zip(plain.Parameters.All)) to.Value.copy_(from.Value);
        StepGradients truth = StepGradients.Layerwise(wide, [Pack], zLoss: 1e-3), operators = StepGradients.Layerwise(plain, [Pack], Policy(policyName), zLoss: 1e-3);

        StepGradients fused;
        using (var kernels = new EmulatedKernels())
        {
            using CausalLanguageModel model = Create(config, type, EmulatedAttention.Create(kernels.Context, deterministic: true));
            fused = StepGradients.Layerwise(model, [Pack], Policy(policyName), zLoss: 1e-3);
            foreach (string kernel in new[] { "rms_norm_forward", "rms_norm_backward", "rms_norm_weight", "rotary", "gated_unit_forward", "gated_unit_backward", "cross_entropy", "attention_forward", "attention_backward" })
                Assert.Contains(kernels.Launches, name => name.StartsWith(kernel, StringComparison.Ordinal));

            // A second step, now that tables are there, leaves nothing.
            long before = TensorCounting.Count();
            StepGradients again = StepGradients.Layerwise(model, [Pack], Policy(policyName), zLoss: 1e-3);
            Assert.Equal(before, TensorCounting.Count());
            again.AssertSameBits(fused, "the second step");
        }

        double loss = Math.Abs(fused.Loss - truth.Loss) / truth.Loss, operatorsLoss = Math.Abs(operators.Loss - truth.Loss) / truth.Loss;
        Assert.True(loss <= Math.Max(2 * operatorsLoss, 2e-3), $"{family}: the loss is off by {loss:E2}, by operators {operatorsLoss:E2}");
        double own = Distance(fused, truth), theirs = Distance(operators, truth);
        Assert.True(own <= 1.25 * theirs, $"{family}: gradients are off by {own:E2} of their norm, by operators {theirs:E2}");
        fused.AssertClose(operators, 4 * theirs, family);
        TestContext.Current.TestOutputHelper?.WriteLine($"{family}, {type}: loss off by {loss:E2}, operators {operatorsLoss:E2}; gradients by {own:E2}, operators {theirs:E2}");
    }

    [Fact]
    public void Forward_WithEveryKernel_IsAsGoodAsWithOperators()
    {
        ModelConfig config = Config("qwen3");
        using CausalLanguageModel plain = Create(config, ScalarType.BFloat16, AttentionKernels.Libtorch), wide = Create(config, ScalarType.Float64, AttentionKernels.Libtorch);
        foreach ((Parameter to, Parameter from) in wide.Parameters.All.Zip(plain.Parameters.All)) to.Value.copy_(from.Value);
        double[] truth = TinyModels.Logits(wide, Pack), operators = TinyModels.Logits(plain, Pack);
        float[] losses = [.. new LongContext.Evaluation.PerplexityEvaluator(plain).TokenLosses(Pack)];
        using var kernels = new EmulatedKernels();
        using CausalLanguageModel model = Create(config, ScalarType.BFloat16, EmulatedAttention.Create(kernels.Context));
        Assert.True(Distance(TinyModels.Logits(model, Pack), truth) <= 1.25 * Distance(operators, truth));
        float[] fused = [.. new LongContext.Evaluation.PerplexityEvaluator(model).TokenLosses(Pack)];
        Assert.Equal(losses.Length, fused.Length);
        for (int i = 0; i < fused.Length; i++) Assert.Equal(losses[i], fused[i], 0.05 * losses.Max());
        Assert.Contains(kernels.Launches, name => name.StartsWith("cross_entropy", StringComparison.Ordinal));
    }

    [Fact]
    public void ForwardCached_WithEveryKernel_IsAsGoodAsWithOperators()
    {
        ModelConfig config = Config("llama");
        int[] tokens = [.. Enumerable.Range(0, 21).Select(i => 3 + (i * 13 % 290))];
        using CausalLanguageModel plain = Create(config, ScalarType.BFloat16, AttentionKernels.Libtorch), wide = Create(config, ScalarType.Float64, AttentionKernels.Libtorch);
        foreach ((Parameter to, Parameter from) in wide.Parameters.All.Zip(plain.Parameters.All)) to.Value.copy_(from.Value);
        double[] truth = Cached(wide), operators = Cached(plain);
        using var kernels = new EmulatedKernels();
        using CausalLanguageModel model = Create(config, ScalarType.BFloat16, EmulatedAttention.Create(kernels.Context));
        double own = Distance(Cached(model), truth), theirs = Distance(operators, truth);
        Assert.True(own <= 1.25 * theirs, $"off by {own:E2}, operators by {theirs:E2}");
        Assert.Contains(kernels.Launches, name => name.StartsWith("rotary", StringComparison.Ordinal));

        // A prompt, then token by token.
        double[] Cached(CausalLanguageModel each)
        {
            using var cache = new KeyValueCache(config.LayerCount);
            var logits = new List<double>();
            for (int start = 0; start < tokens.Length; start += start == 0 ? 17 : 1)
            {
                using var scope = NewDisposeScope();
                logits.AddRange(TinyModels.Doubles(each.Logits(each.ForwardCached(tokens.AsSpan(start, start == 0 ? 17 : 1), cache))));
            }

            return [.. logits];
        }
    }

    [Fact]
    public void LayerwiseStep_OfAnAdapterOnQuantisedWeights_IsThatOfOperatorsWithinRounding()
    {
        ModelConfig config = Config("llama");
        StepGradients Step(IAttentionKernel kernel)
        {
            using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
            using (CausalLanguageModel saved = Create(config, ScalarType.BFloat16, AttentionKernels.Libtorch)) saved.Save(folder["model"]);
            using CausalLanguageModel model = CausalLanguageModel.Load(
                folder["model"], new ModelLoadOptions { AttentionKernel = kernel, WeightQuantization = WeightQuantization.Nf4DoubleQuantized, DataType = ScalarType.BFloat16 });
            model.AddAdapter(new LoraOptions { Rank = 4, Initialization = LoraInitialization.Random }, seed: 2);
            return StepGradients.Layerwise(model, [Pack]);
        }

        StepGradients operators = Step(AttentionKernels.Libtorch);
        using var kernels = new EmulatedKernels();
        StepGradients fused = Step(EmulatedAttention.Create(kernels.Context, deterministic: true));
        Assert.Contains(kernels.Launches, name => name.StartsWith("dequantize_nf4", StringComparison.Ordinal));
        fused.AssertClose(operators, 0.05, "adapter");
    }

    private static CausalLanguageModel Create(ModelConfig config, ScalarType type, IAttentionKernel kernel) =>
        CausalLanguageModel.Create(config, seed: 5, new ModelLoadOptions { DataType = type, AttentionKernel = kernel });

    private static ModelConfig Config(string family)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["config.json"], $$"""
            {"model_type": "{{family}}", "vocab_size": 301, "hidden_size": 128, "intermediate_size": 184, "num_hidden_layers": 2, "num_attention_heads": 2, "initializer_range": 0.15,
             "num_key_value_heads": 1, "head_dim": 64, "max_position_embeddings": 256, "rms_norm_eps": 1e-6, "hidden_act": "silu", {{Families[family]}}}
            """);
        return ModelConfig.Load(folder.Path);
    }

    private static TokenSequence Document(int length, int seed)
    {
        var random = new Random(seed);
        return new((int[])[.. Enumerable.Range(0, length).Select(_ => random.Next(1, 301))]);
    }

    private static double Distance(StepGradients actual, StepGradients expected) =>
        Distance([.. expected.Gradients.Keys.SelectMany(name => actual.Gradients[name])], [.. expected.Gradients.Values.SelectMany(gradient => gradient)]);

    private static double Distance(double[] actual, double[] expected) =>
        Math.Sqrt(actual.Zip(expected, (a, b) => (a - b) * (a - b)).Sum() / expected.Sum(b => b * b));
}
