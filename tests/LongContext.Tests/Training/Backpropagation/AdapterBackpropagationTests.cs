using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.Tests.Models;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Backpropagation;

/// <summary>The library's backpropagation through adapters and quantised bases, against one plain autograd graph.</summary>
public sealed class AdapterBackpropagationTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(19, 1), TinyModels.Document(7, 2)], LossWeighting.PerSequence),
        PackedBatch.Create([TinyModels.Document(25, 3)]),
    ];

    private static readonly Dictionary<string, LoraOptions> Adapters = new()
    {
        ["all linear"] = new() { Rank = 3, Alpha = 5 },
        ["upper layer"] = new() { Rank = 2, LayersToTransform = [1] },
        ["DoRA"] = new() { Rank = 3, WeightDecomposed = true, RankStabilized = true },
        ["embedding and head"] = new() { Rank = 3, TargetModules = ["embed_tokens", "lm_head", "v_proj"] },
        ["saved modules"] = new() { Rank = 2, TargetModules = ["q_proj", "down_proj"], ModulesToSave = ["embed_tokens", "lm_head", "norm"] },
    };

    public static IEnumerable<TheoryDataRow<string, bool>> Cases() => from name in Adapters.Keys from tied in new[] { false, true } select new TheoryDataRow<string, bool>(name, tied);

    [Theory, MemberData(nameof(Cases))]
    public void Run_WithAnAdapter_GivesAutogradsLossAndGradients(string name, bool tied)
    {
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        model.AddAdapter(Adapters[name], seed: 1);
        Wake(model);
        StepGradients expected = StepGradients.Autograd(model, Packs), layerwise = StepGradients.Layerwise(model, Packs);
        layerwise.AssertClose(expected, 1e-11, name);
        foreach (ActivationPolicy policy in (ActivationPolicy[])[ActivationPolicy.KeepEverything, new() { EveryNthLayer = 2 }])
            StepGradients.Layerwise(model, Packs, policy).AssertSameBits(layerwise, $"{name}, {policy}");
        StepGradients.Layerwise(model, Packs, new ActivationPolicy { TileTokens = 5, KeyValueHeadsAtATime = 1 }).AssertClose(expected, 1e-11, name);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_WithDropout_DropsTheSameWhateverIsKept(bool decomposed)
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 3, Dropout = 0.4, WeightDecomposed = decomposed }, seed: 1);
        Wake(model);
        StepGradients once = StepGradients.Layerwise(model, Packs, dropoutSeed: 7);
        foreach (ActivationPolicy policy in (ActivationPolicy[])[ActivationPolicy.KeepEverything, new() { Recompute = Recomputation.Mlp }, new() { EveryNthLayer = 2 }])
            StepGradients.Layerwise(model, Packs, policy, dropoutSeed: 7).AssertSameBits(once, policy.ToString());
        Assert.NotEqual(once.Loss, StepGradients.Layerwise(model, Packs, dropoutSeed: 8).Loss, 1e-6);
        Assert.NotEqual(once.Loss, StepGradients.Layerwise(model, Packs).Loss, 1e-6);
    }

    /// <summary>The gradient is that of the very loss with its masks: numbers next to a weight give its slope.</summary>
    [Fact]
    public void Run_WithDropout_GivesTheSlopeOfTheLoss()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 3, Dropout = 0.4 }, seed: 1);
        Wake(model);
        StepGradients step = StepGradients.Layerwise(model, Packs[..1], dropoutSeed: 7);
        var random = new Random(1);
        foreach (Parameter parameter in model.TrainableParameters)
        {
            const double Step = 1e-5;
            using var flat = parameter.Value.view(-1);
            int i = random.Next((int)flat.numel());
            double before = TinyModels.Doubles(flat)[i];
            TinyModels.SetValue(flat, i, before + Step);
            double above = StepGradients.Layerwise(model, Packs[..1], dropoutSeed: 7).Loss;
            TinyModels.SetValue(flat, i, before - Step);
            double below = StepGradients.Layerwise(model, Packs[..1], dropoutSeed: 7).Loss;
            TinyModels.SetValue(flat, i, before);
            Assert.Equal((above - below) / (2 * Step), step.Gradients[parameter.Name][i], 1e-6);
        }
    }

    [Theory]
    [InlineData(WeightQuantization.Nf4)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    public void Run_OnAQuantisedBase_GivesAutogradsLossAndGradients(WeightQuantization format)
    {
        using var folder = TestSupport.TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel plain = TinyModels.Create(dataType: ScalarType.Float32)) plain.Save(folder.Path);
        using CausalLanguageModel model = CausalLanguageModel.Load(folder.Path, new ModelLoadOptions { DataType = ScalarType.Float64, WeightQuantization = format });
        model.AddAdapter(Adapters["all linear"], seed: 1);
        Wake(model);
        StepGradients.Layerwise(model, Packs).AssertClose(StepGradients.Autograd(model, Packs), 1e-11, format.ToString());
    }

    /// <summary>B begins as zeros, and A's gradient with it: random numbers in all of the adapter.</summary>
    private static void Wake(CausalLanguageModel model)
    {
        using var noGradient = no_grad();
        using var generator = new Generator(3, CPU);
        foreach (Tensor tensor in model.Adapter!.Tensors.Values)
        {
            using Tensor noise = TensorArithmetic.Normal(tensor.shape, 0.2, generator);
            tensor.AddInPlace(noise);
        }
    }
}
