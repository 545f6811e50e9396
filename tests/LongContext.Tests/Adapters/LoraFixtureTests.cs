using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Models;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Adapters;

/// <summary>Agreement with PEFT on every adapter folder of the fixtures (tests/Fixtures/hf/README.md).</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Lora)]
public sealed class LoraFixtureTests
{
    private const double LogitsTolerance = 2e-4;
    private const double LossTolerance = 1e-5;
    private const double GradientTolerance = 1e-4;

    public static IEnumerable<TheoryDataRow<string>> Cases() => LoraFixtures.All();

    [Theory, MemberData(nameof(Cases))]
    public void Load_PeftFolder_GivesPeftsLogits(string name)
    {
        (CausalLanguageModel model, _) = LoraFixtures.Load(name);
        using (model)
        {
            using SafetensorsFile golden = LoraFixtures.Golden(name);
            AssertLogits(golden, "logits", model);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void MergeAdapter_PeftFolder_GivesPeftsMergedLogits(string name)
    {
        (CausalLanguageModel model, LoraAdapter adapter) = LoraFixtures.Load(name);
        using (model)
        {
            using SafetensorsFile golden = LoraFixtures.Golden(name);
            model.MergeAdapter();
            Assert.True(adapter.IsMerged);
            AssertLogits(golden, "merged_logits", model);
            model.UnmergeAdapter();
            AssertLogits(golden, "logits", model);
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Save_AfterLoading_WritesTheSameAdapter(string name)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (CausalLanguageModel model, LoraAdapter adapter) = LoraFixtures.Load(name);
        using (model) adapter.Save(folder.Path);
        using SafetensorsFile before = SafetensorsFile.Open(Path.Combine(LoraFixtures.Adapter(name), "adapter_model.safetensors"));
        using SafetensorsFile after = SafetensorsFile.Open(Path.Combine(folder.Path, "adapter_model.safetensors"));
        Assert.Empty(after.Tensors.Keys.Except(before.Tensors.Keys));
        // PEFT adds unchanged copies of the base's embedding and head.
        Assert.All(before.Tensors.Keys.Except(after.Tensors.Keys), tensor => Assert.Matches(@"(embed_tokens|lm_head)\.(base_layer\.)?weight\z", tensor));
        foreach (string tensor in after.Tensors.Keys) Assert.True(after.GetBytes(tensor).SequenceEqual(before.GetBytes(tensor)), tensor);

        using CausalLanguageModel fresh = LoraFixtures.LoadBase(name);
        LoraAdapter.Load(folder.Path, fresh);
        using SafetensorsFile golden = LoraFixtures.Golden(name);
        AssertLogits(golden, "logits", fresh);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Backward_PeftFolder_GivesPeftsLossAndEveryGradient(string name)
    {
        (CausalLanguageModel model, LoraAdapter adapter) = LoraFixtures.Load(name);
        using (model)
        {
            using SafetensorsFile golden = LoraFixtures.Golden(name);
            using var scope = NewDisposeScope();
            foreach (Parameter parameter in adapter.Trainable) parameter.Value.requires_grad_(true);
            Tensor loss = Loss(model, golden);
            loss.backward();

            Assert.Equal(golden.ReadArray<float>("loss")[0], TinyModels.Doubles(loss)[0], LossTolerance);
            Dictionary<string, string> expected = golden.Tensors.Keys.Where(key => key.StartsWith("grad.", StringComparison.Ordinal)).ToDictionary(LoraFixtures.PlainName);
            Dictionary<string, Tensor> actual = Trained(adapter);
            Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
            double rounding = Math.ScaleB(expected.Values.Max(key => Norm(golden.ReadArray<float>(key).Select(value => (double)value))), -23);
            foreach ((string tensor, string key) in expected)
            {
                double[] wanted = [.. golden.ReadArray<float>(key).Select(value => (double)value)], got = TinyModels.Doubles(actual[tensor].grad!);
                Assert.Equal(wanted.Length, got.Length);
                double error = Norm(wanted.Zip(got, (a, b) => a - b));
                Assert.True(error <= (GradientTolerance * Norm(wanted)) + rounding, $"{tensor}: error {error:E2} of {Norm(wanted):E2}");
            }
        }
    }

    private static Dictionary<string, Tensor> Trained(LoraAdapter adapter) => adapter.Tensors.ToDictionary(pair => pair.Key, pair => pair.Value);

    private static Tensor Loss(CausalLanguageModel model, SafetensorsFile golden)
    {
        int rows = (int)golden.Tensors["input_ids"].Shape[0];
        PackedBatch pack = PackedBatch.Create([.. Enumerable.Range(0, rows).Select(row => new TokenSequence(FixtureModels.Ids(golden, "input_ids", row)))]);
        PackedInputs inputs = PackedInputs.Create(pack);
        Tensor logits = model.Logits(model.Forward(inputs));
        Tensor labels = tensor([.. pack.Labels.ToArray().Select(label => (long)label)]);
        inputs.Dispose();
        return nn.functional.cross_entropy(logits, labels, ignore_index: PackedBatch.Ignored);
    }

    private static void AssertLogits(SafetensorsFile golden, string key, CausalLanguageModel model)
    {
        float[] expected = golden.ReadArray<float>(key);
        int rows = (int)golden.Tensors["input_ids"].Shape[0], size = expected.Length / rows;
        for (int row = 0; row < rows; row++)
        {
            PackedBatch pack = PackedBatch.Create([new TokenSequence(FixtureModels.Ids(golden, "input_ids", row))]);
            double[] actual = TinyModels.Logits(model, pack);
            Assert.Equal(size, actual.Length);
            for (int i = 0; i < size; i++)
                Assert.True(Math.Abs(expected[(row * size) + i] - actual[i]) <= LogitsTolerance, $"{key}, row {row}, number {i}: {actual[i]} instead of {expected[(row * size) + i]}");
        }
    }

    private static double Norm(IEnumerable<double> values) => Math.Sqrt(values.Sum(value => value * value));
}
