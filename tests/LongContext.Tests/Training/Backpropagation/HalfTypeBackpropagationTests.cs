using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Models;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Backpropagation;

/// <summary>Half types: policies agree by the bit in several tiles, and gradients are as near float64's as autograd's are.</summary>
public sealed class HalfTypeBackpropagationTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(1, 1), TinyModels.Document(30, 2), TinyModels.Document(13, 3)], LossWeighting.PerSequence),
        PackedBatch.CreatePrompt(new[] { 5, 6, 7 }),
        PackedBatch.Create([TinyModels.Document(2, 4)]),
    ];

    private static readonly ActivationPolicy[] Policies =
    [
        new() { Recompute = Recomputation.Nothing, TileTokens = 5 },
        new() { Recompute = Recomputation.Mlp, TileTokens = 5 },
        new() { EveryNthLayer = 2, TileTokens = 5 },
    ];

    public static TheoryData<ScalarType, string, bool> Cases()
    {
        var cases = new TheoryData<ScalarType, string, bool>();
        foreach (ScalarType type in new[] { ScalarType.BFloat16, ScalarType.Float16, ScalarType.Float32 })
        {
            foreach (string adapter in new[] { "none", "lora", "dora" }) cases.Add(type, adapter, adapter == "none" && type == ScalarType.BFloat16);
        }

        return cases;
    }

    [Theory, MemberData(nameof(Cases))]
    public void Run_InTiles_GivesTheSameBitsUnderEveryPolicyAndNoMoreRoundingThanAutograd(ScalarType type, string adapter, bool tied)
    {
        using CausalLanguageModel model = Create(type, adapter, tied), wide = Create(ScalarType.Float64, adapter, tied);
        foreach ((Parameter to, Parameter from) in wide.Parameters.All.Zip(model.Parameters.All)) to.Value.copy_(from.Value);
        if (adapter != "none")
        {
            foreach ((Parameter to, Parameter from) in wide.TrainableParameters.Zip(model.TrainableParameters)) to.Value.copy_(from.Value);
        }

        StepGradients layers = StepGradients.Layerwise(model, Packs, new ActivationPolicy { TileTokens = 5 }, dropoutSeed: 7);
        foreach (ActivationPolicy policy in Policies) StepGradients.Layerwise(model, Packs, policy, dropoutSeed: 7).AssertSameBits(layers, $"{type}, {adapter}, {policy}");

        Assert.All(model.TrainableParameters, parameter => Assert.Equal(ScalarType.Float32, parameter.GradientType));
        StepGradients expected = StepGradients.Layerwise(wide, Packs, dropoutSeed: null);
        double own = Distance(StepGradients.Layerwise(model, Packs), expected), autograd = Distance(StepGradients.Autograd(model, Packs), expected);
        Assert.True(own <= 1.25 * autograd, $"{type}, {adapter}: off by {own:E2} of the gradients' norm, autograd in the same type by {autograd:E2}");
    }

    /// <summary>Of all gradients together, in parts of their norm.</summary>
    private static double Distance(StepGradients actual, StepGradients expected)
    {
        double distance = 0, norm = 0;
        foreach ((string name, double[] gradient) in expected.Gradients)
        {
            distance += gradient.Zip(actual.Gradients[name], (a, b) => (a - b) * (a - b)).Sum();
            norm += gradient.Sum(a => a * a);
        }

        return Math.Sqrt(distance / norm);
    }

    private static CausalLanguageModel Create(ScalarType type, string adapter, bool tied)
    {
        CausalLanguageModel model = TinyModels.Create(dataType: type, tied: tied);
        if (adapter != "none")
            model.AddAdapter(new LoraOptions { Rank = 3, Dropout = 0.2, WeightDecomposed = adapter == "dora", Initialization = LoraInitialization.Random }, seed: 2);
        return model;
    }
}
