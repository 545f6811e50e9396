using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation.Running;
using LongContext.Models;
using LongContext.Models.Families;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Tests.Generation.Running;

/// <summary>The CPU's runner against libtorch's on models drawn at random.</summary>
public sealed class RunnerPropertyTests
{
    public static TheoryData<string> Families() => [.. ModelFamily.Names];

    [Theory, MemberData(nameof(Families))]
    public void Run_DrawnModels_AgreeWithTorch(string family)
    {
        double worst = 0;
        for (int number = 0; number < 8; number++)
        {
            var random = new SplitMix64(31, number);
            ModelConfig config = Draw(family, ref random);
            using CausalLanguageModel model = CausalLanguageModel.Create(config, 100 + number, new ModelLoadOptions { DataType = ScalarType.Float32 });
            var options = new RunnerOptions { PageTokens = 16, MaximumTokens = 80, Threads = 1 + random.NextInt(3) };
            PositionRemapping? remapping = random.NextInt(2) == 0 ? null : random.NextInt(2) == 0 ? new SelfExtend(1 + random.NextInt(5), 1 + random.NextInt(16)) : new DualChunkAttention(8 + random.NextInt(20), 1 + random.NextInt(4));
            if (remapping is not null && Refuses(model, remapping)) remapping = null;
            int[] tokens = ModelRunnerSuite.Strangers(model, 1 + random.NextInt(120), number);
            using StepDriver torchDriver = new(new TorchModelRunner(model, options), 1), cpuDriver = new(new CpuModelRunner(model, options), 2);
            float[] expected = torchDriver.All(tokens, 1 + random.NextInt(60), remapping);
            DrivenSequence[] strangers = [cpuDriver.Start(ModelRunnerSuite.Strangers(model, 1 + random.NextInt(50), 77), remapping), cpuDriver.Start(ModelRunnerSuite.Strangers(model, 20, 78))];
            float[] actual = cpuDriver.All(tokens, 1 + random.NextInt(60), remapping, strangers);
            worst = Math.Max(worst, ModelRunnerSuite.Largest(expected, actual) / Math.Max(1, expected.Max(MathF.Abs)));
            Assert.True(worst < 1e-4, $"{config.ModelType} {number}: off by {worst:E2}");
        }

        TestContext.Current.SendDiagnosticMessage($"{family}: {worst:E2}");
    }

    private static bool Refuses(CausalLanguageModel model, PositionRemapping remapping)
    {
        try
        {
            model.CheckRemapping(remapping);
            return false;
        }
        catch (ArgumentException)
        {
            return true;
        }
    }

    private static ModelConfig Draw(string family, ref SplitMix64 random)
    {
        int keyHeads = 1 + random.NextInt(3), group = 1 + random.NextInt(4), layers = 1 + random.NextInt(4), size = Pick(ref random, 8, 12, 16, 24, 34, 64);
        string[] activations = ["silu", "gelu", "gelu_pytorch_tanh", "relu"];
        RopeScaling[] scalings = [RopeScaling.None, RopeScaling.Linear(4), RopeScaling.Yarn(4), RopeScaling.DynamicNtk(4), RopeScaling.Llama3(4)];
        ModelConfig config = new()
        {
            ModelType = family,
            VocabularySize = 50 + random.NextInt(30),
            HiddenSize = Pick(ref random, 16, 30, 48, 70),
            IntermediateSize = Pick(ref random, 20, 33, 64, 96),
            LayerCount = layers,
            HeadCount = keyHeads * group,
            KeyValueHeadCount = keyHeads,
            HeadDimension = size,
            MaxPositionEmbeddings = 32,
            InitializerRange = 0.2,
            HiddenActivation = activations[random.NextInt(activations.Length)],
            AttentionBias = random.NextInt(2) == 0,
            TieWordEmbeddings = random.NextInt(2) == 0,
        };
        config = config.WithRopeScaling(scalings[random.NextInt(scalings.Length)]);
        int window = Pick(ref random, 1, 5, 16, 40);
        if (random.NextInt(2) == 0 || family.StartsWith("gemma", StringComparison.Ordinal)) config = config.WithField("sliding_window", window);
        if (family.StartsWith("gemma", StringComparison.Ordinal)) config = config.WithField("query_pre_attn_scalar", 4 + random.NextInt(20));
        if (family == "granite") config = config.WithField("residual_multiplier", 0.5).WithField("logits_scaling", 3.0).WithField("embedding_multiplier", 2.0).WithField("attention_multiplier", 0.2);
        if (family.StartsWith("qwen", StringComparison.Ordinal) || family == "smollm3") config = config.WithField("use_sliding_window", true).WithField("max_window_layers", random.NextInt(2));
        if ((family.StartsWith("qwen", StringComparison.Ordinal) || family == "smollm3") && config.Fields.OptionalInt("sliding_window") is null) config = config.WithField("sliding_window", window);
        return config;
    }

    private static int Pick(ref SplitMix64 random, params int[] values) => values[random.NextInt(values.Length)];
}
