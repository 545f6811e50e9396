using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Models;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Backpropagation;

/// <summary>The library's own backpropagation against one plain autograd graph.</summary>
public sealed class LayerwiseBackpropagationTests
{
    private static readonly ActivationPolicy[] Policies =
    [
        ActivationPolicy.KeepEverything,
        new() { Recompute = Recomputation.Mlp },
        ActivationPolicy.RecomputeLayers,
        new() { EveryNthLayer = 2 },
        new() { EveryNthLayer = 100, OnHost = true },
        new() { OnHost = true },
    ];

    public static IEnumerable<TheoryDataRow<string>> Folders() => FixtureModels.All();

    [Theory, MemberData(nameof(Folders))]
    public void Run_EveryFamilyInFloat32_GivesAutogradsLossAndGradients(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        PackedBatch[] packs = Packs(golden);
        StepGradients expected = StepGradients.Autograd(model, packs, 0.01), layerwise = StepGradients.Layerwise(model, packs, scale: 0.01);
        layerwise.AssertClose(expected, 1e-6, name);
        foreach (ActivationPolicy policy in Policies) StepGradients.Layerwise(model, packs, policy, 0.01).AssertSameBits(layerwise, $"{name}, {policy}");
    }

    [Theory, MemberData(nameof(Folders))]
    public void Run_EveryFamilyInFloat64_GivesAutogradsLossAndGradientsInAnyTiles(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name, new ModelLoadOptions { DataType = ScalarType.Float64 });
        using SafetensorsFile golden = FixtureModels.Golden(name);
        PackedBatch[] packs = Packs(golden);
        StepGradients expected = StepGradients.Autograd(model, packs, 0.01, zLoss: 1e-2);
        foreach (int tile in new[] { 1, 7, 64, 4096 })
        {
            foreach (int? heads in new int?[] { null, 1 })
            {
                var policy = new ActivationPolicy { TileTokens = tile, KeyValueHeadsAtATime = heads, Recompute = tile == 7 ? Recomputation.Nothing : Recomputation.Layer };
                StepGradients.Layerwise(model, packs, policy, 0.01, zLoss: 1e-2).AssertClose(expected, 1e-11, $"{name}, {policy}");
            }
        }
    }

    /// <summary>The rows as documents of one pack, then apart.</summary>
    private static PackedBatch[] Packs(SafetensorsFile golden)
    {
        int rows = (int)golden.Tensors["short.input_ids"].Shape[0];
        TokenSequence[] documents = [.. Enumerable.Range(0, rows).Select(row => new TokenSequence(FixtureModels.Ids(golden, "short.input_ids", row)[..^row]))];
        return [PackedBatch.Create(documents, LossWeighting.PerSequence), .. documents.Select(document => PackedBatch.Create([document]))];
    }
}
