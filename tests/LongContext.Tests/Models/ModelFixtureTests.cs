using LongContext.Checkpoints;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Models;

/// <summary>Agreement with transformers on every model folder of the fixtures (tests/Fixtures/hf/README.md).</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Models)]
public sealed class ModelFixtureTests
{
    private const double LogitsTolerance = 2e-4;
    private const double LossTolerance = 1e-5;
    private const double GradientTolerance = 1e-4;
    private const double PackedTolerance = 1e-6;

    public static IEnumerable<TheoryDataRow<string>> Cases() => FixtureModels.All();

    [Theory, MemberData(nameof(Cases))]
    public void Forward_ShortRows_GivesTransformersLogits(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        float[] expected = golden.ReadArray<float>("short.logits");
        int rows = (int)golden.Tensors["short.input_ids"].Shape[0], size = expected.Length / rows;
        for (int row = 0; row < rows; row++)
            AssertClose(expected.AsSpan(row * size, size), Logits(model, FixtureModels.Ids(golden, "short.input_ids", row)), LogitsTolerance);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_PastTheTrainedWindow_GivesTransformersLogits(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        AssertClose(golden.ReadArray<float>("long.logits"), Logits(model, FixtureModels.Ids(golden, "long.input_ids")), LogitsTolerance);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Backward_ShortRows_GivesTransformersLossAndEveryGradient(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        int rows = (int)golden.Tensors["short.input_ids"].Shape[0];
        PackedBatch pack = PackedBatch.Create([.. Enumerable.Range(0, rows).Select(row => new TokenSequence(FixtureModels.Ids(golden, "short.input_ids", row)))]);

        StepGradients step = StepGradients.Layerwise(model, [pack], scale: 1 / pack.LossNormalizer);

        Assert.Equal(golden.ReadArray<float>("short.loss")[0], step.Loss / pack.LossNormalizer, LossTolerance);
        var expectedNames = golden.Tensors.Keys.Where(key => key.StartsWith("grad.", StringComparison.Ordinal)).Select(key => key["grad.".Length..]).ToHashSet();
        Assert.Equal(expectedNames, [.. model.Parameters.Keys]);
        // A gradient that is 0 by mathematics (of a key bias in a layer without positions, say) is rounding on both sides.
        double largest = expectedNames.Max(expectedName => Norm(golden.ReadArray<float>("grad." + expectedName))), rounding = Math.ScaleB(largest, -23);
        foreach (string parameterName in model.Parameters.Keys)
        {
            float[] expected = golden.ReadArray<float>("grad." + parameterName);
            double[] actual = step.Gradients[parameterName];
            Assert.Equal(expected.Length, actual.Length);
            double norm = Norm(expected), distance = Math.Sqrt(expected.Zip(actual).Sum(p => Math.Pow(p.First - p.Second, 2)));
            Assert.True(distance <= (GradientTolerance * norm) + rounding, $"{parameterName}: gradient is off by {distance / norm:E2} of its norm");
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void Loss_OfAPack_IsThatOfItsDocumentsApart(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        int[] ids = FixtureModels.Ids(golden, "packed.input_ids");
        int[] borders = [.. golden.ReadArray<long>("packed.cu_seqlens").Select(border => (int)border)];
        TokenSequence[] documents = [.. Enumerable.Range(0, borders.Length - 1).Select(i => new TokenSequence(ids[borders[i]..borders[i + 1]]))];
        PackedBatch pack = PackedBatch.Create(documents);
        Assert.Equal(FixtureModels.Ids(golden, "packed.position_ids"), pack.PositionIds.ToArray());

        double packed = LossSum(model, pack), apart = documents.Sum(document => LossSum(model, PackedBatch.Create([document])));

        Assert.Equal(1, packed / apart, PackedTolerance);
        Assert.Equal(golden.ReadArray<float>("packed.loss")[0], packed / pack.LossNormalizer, LossTolerance);
        float[] sums = golden.ReadArray<float>("packed.document_loss_sums");
        for (int i = 0; i < documents.Length; i++)
            Assert.Equal(1, LossSum(model, PackedBatch.Create([documents[i]])) / sums[i], 1e-5);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Generate_Greedy_GivesTransformersTokens(string name)
    {
        using CausalLanguageModel model = FixtureModels.Load(name);
        using SafetensorsFile golden = FixtureModels.Golden(name);
        foreach (string kind in new[] { "generate", "generate_long" })
        {
            int[] prompt = FixtureModels.Ids(golden, kind + ".prompt"), expected = FixtureModels.Ids(golden, kind + ".output");
            foreach (int chunk in new[] { 2048, 7, 1 })
            {
                var options = new GenerationOptions
                {
                    MaximumNewTokens = expected.Length - prompt.Length,
                    StopTokenIds = [],
                    PrefillChunkTokens = chunk,
                    DropsContextAtOriginalWindow = true, // as transformers does, for better or worse
                };
                Assert.Equal(expected[prompt.Length..], new TextGenerator(model).Generate(prompt, options));
            }
        }
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(x => (double)x * x));

    internal static float[] Logits(CausalLanguageModel model, int[] ids)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(PackedBatch.CreatePrompt(ids));
        return model.Logits(model.Forward(inputs)).data<float>().ToArray();
    }

    private static double LossSum(CausalLanguageModel model, PackedBatch pack)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using PackedInputs inputs = PackedInputs.Create(pack);
        return LossHead.Losses(model, model.Forward(inputs), pack).Sum(loss => (double)loss);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double worst = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"value {i} is {actual[i]}");
            worst = Math.Max(worst, Math.Abs(expected[i] - actual[i]));
        }

        Assert.True(worst <= tolerance, $"largest difference {worst:E2}, allowed {tolerance:E2}");
    }
}
