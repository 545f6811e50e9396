using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Models;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Backpropagation;

namespace LongContext.Tests.Adapters;

/// <summary>The library's own backpropagation with adapters: PEFT's gradients, the same bits under every policy, and training that touches nothing else.</summary>
public sealed class LoraTrainingTests
{
    public static IEnumerable<TheoryDataRow<string>> Fixtures() => LoraFixtures.All();

    [Theory, MemberData(nameof(Fixtures)), Trait(FixtureTraits.Name, FixtureTraits.Lora)]
    public void Run_PeftFolder_GivesPeftsLossAndEveryGradient(string name)
    {
        foreach (ActivationPolicy policy in new[] { ActivationPolicy.KeepEverything, new ActivationPolicy { TileTokens = 7, KeyValueHeadsAtATime = 1, EveryNthLayer = 2 } })
        {
            (CausalLanguageModel model, LoraAdapter adapter) = LoraFixtures.Load(name);
            using (model)
            {
                using SafetensorsFile golden = LoraFixtures.Golden(name);
                int rows = (int)golden.Tensors["input_ids"].Shape[0];
                PackedBatch pack = PackedBatch.Create([.. Enumerable.Range(0, rows).Select(row => new TokenSequence(FixtureModels.Ids(golden, "input_ids", row)))]);
                double loss = Run(model, pack, policy, dropoutSeed: null) / pack.LossNormalizer;
                Assert.Equal(golden.ReadArray<float>("loss")[0], loss, 1e-5);

                Dictionary<string, double[]> expected = golden.Tensors.Keys.Where(key => key.StartsWith("grad.", StringComparison.Ordinal))
                    .ToDictionary(LoraFixtures.PlainName, key => golden.ReadArray<float>(key).Select(value => (double)value).ToArray());
                Dictionary<string, double[]> actual = Gradients(adapter);
                Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
                double rounding = Math.ScaleB(expected.Values.Max(Norm), -23);
                foreach ((string tensor, double[] wanted) in expected)
                {
                    double error = Norm([.. wanted.Zip(actual[tensor], (a, b) => a - b)]);
                    Assert.True(error <= (1e-4 * Norm(wanted)) + rounding, $"{tensor}: off by {error:E2} of {Norm(wanted):E2}");
                }
            }
        }
    }

    [Theory]
    [InlineData(false, WeightQuantization.None)]
    [InlineData(true, WeightQuantization.None)]
    [InlineData(false, WeightQuantization.Nf4)]
    [InlineData(true, WeightQuantization.Nf4DoubleQuantized)]
    public void Run_WithDropout_GivesTheSameBitsUnderEveryPolicyAndOthersForAnotherSeed(bool decomposed, WeightQuantization kind)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { WeightQuantization = kind });
        LoraAdapter adapter = model.AddAdapter(
            new LoraOptions { Rank = 3, Dropout = 0.3, WeightDecomposed = decomposed, Initialization = LoraInitialization.Random, ModulesToSave = ["norm"] }, seed: 1);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);
        (double Loss, Dictionary<string, double[]> Gradients) Step(ActivationPolicy policy, ulong? seed)
        {
            double loss = Run(model, pack, policy, seed);
            Dictionary<string, double[]> gradients = Gradients(adapter);
            foreach (Parameter parameter in adapter.Trainable) parameter.ReleaseGradient();
            return (loss, gradients);
        }

        var first = Step(ActivationPolicy.KeepEverything, 3);
        foreach (ActivationPolicy policy in new[] { ActivationPolicy.RecomputeLayers, ActivationPolicy.KeepEverything, new ActivationPolicy { EveryNthLayer = 2 } })
        {
            var again = Step(policy, 3);
            Assert.Equal(first.Loss, again.Loss);
            foreach ((string name, double[] gradient) in first.Gradients) Assert.True(gradient.AsSpan().SequenceEqual(again.Gradients[name]), name);
        }

        Assert.NotEqual(first.Loss, Step(ActivationPolicy.KeepEverything, 4).Loss);
        Assert.NotEqual(first.Loss, Step(ActivationPolicy.KeepEverything, null).Loss);
        Assert.All(model.Parameters.All.Where(parameter => !adapter.Trainable.Contains(parameter)), parameter => Assert.Null(parameter.Gradient));
    }

    [Theory]
    [InlineData(WeightQuantization.None)]
    [InlineData(WeightQuantization.Nf4DoubleQuantized)]
    [InlineData(WeightQuantization.EightBit)]
    public async Task TrainAsync_WithAdapter_LearnsAndChangesTheAdapterAlone(WeightQuantization kind)
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { WeightQuantization = kind });
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 8, Alpha = 16, WeightDecomposed = true }, seed: 1);
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(13, 1), TinyModels.Document(9, 2)]);
        var losses = new List<double>();
        using (var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 20, LearningRate = 1e-2 }))
            await trainer.TrainAsync([pack], new Reports(losses), TestContext.Current.CancellationToken);
        Assert.Equal(20, losses.Count);
        Assert.True(losses[^1] < losses[0] * 0.7, $"loss went from {losses[0]} to {losses[^1]}");
        Assert.Contains(adapter.Tensors, pair => pair.Key.Contains("lora_B", StringComparison.Ordinal) && TinyModels.Doubles(pair.Value).Any(value => value != 0));
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    [Fact]
    public void Trainer_OnQuantizedWeightsWithoutAdapter_IsRefused()
    {
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 5, new ModelLoadOptions { WeightQuantization = WeightQuantization.Nf4 });
        Assert.Contains("add an adapter", Assert.Throws<InvalidOperationException>(() => new LongContextTrainer(model, new TrainerOptions())).Message, StringComparison.Ordinal);
    }

    private static double Run(CausalLanguageModel model, PackedBatch pack, ActivationPolicy policy, ulong? dropoutSeed)
    {
        using var backpropagation = new LayerwiseBackpropagation(model, policy, 0);
        return backpropagation.Run(pack, 1 / pack.LossNormalizer, dropoutSeed, TestContext.Current.CancellationToken);
    }

    /// <summary>By the names in the folder.</summary>
    private static Dictionary<string, double[]> Gradients(LoraAdapter adapter)
    {
        var names = adapter.Tensors.ToDictionary(pair => pair.Value.Handle, pair => pair.Key);
        return adapter.Trainable.ToDictionary(parameter => names[parameter.Value.Handle], parameter => TinyModels.Doubles(parameter.Gradient!));
    }

    private static double Norm(double[] values) => Math.Sqrt(values.Sum(value => value * value));

    private sealed class Reports(List<double> losses) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => losses.Add(value.Loss);
    }
}
