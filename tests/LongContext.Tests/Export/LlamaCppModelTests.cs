using LongContext.Checkpoints;
using LongContext.Export;
using LongContext.Gguf;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Tensors;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Export;

/// <summary>llama.cpp computes what this library does: every family, every scaling it can express, in single precision.</summary>
[Trait("Category", "Slow")]
public sealed class LlamaCppModelTests
{
    /// <summary>llama.cpp's GELU is a table in half precision; everything else is single precision in another order.</summary>
    private const double Tolerance = 2e-5, ToleranceOfGelu = 1e-3;

    private static readonly int[] Ids = Tokens(120);

    private static readonly Lazy<Dictionary<(string, GgufTensorType), LlamaCppResult>> Results = new(RunAll);

    public static TheoryData<string> Names() => [.. ExportCases.Names];

    public static IEnumerable<TheoryDataRow<string>> SlowRows() => SlowTests.Rows(ExportCases.Names);

    public static IEnumerable<TheoryDataRow<string, GgufTensorType>> SmallRows() =>
        SlowTests.Rows(ExportCases.Names, [GgufTensorType.Float16, GgufTensorType.BFloat16, GgufTensorType.Q8_0]);

    [Theory, MemberData(nameof(SlowRows))]
    public void Export_RandomModel_GivesTheSameDistributions(string name)
    {
        LlamaCpp.SkipUnlessThere();
        LlamaCppResult result = Results.Value[(name, GgufTensorType.Float32)];
        Assert.True(result.Error is null, $"{result.Error} {string.Join(" | ", result.Messages)}");
        ModelConfig config = ExportCases.Config(name);
        double tolerance = config.ModelType.StartsWith("gemma", StringComparison.Ordinal) ? ToleranceOfGelu : Tolerance;
        using CausalLanguageModel model = Create(config);
        double[][] ours = Ours(model);
        double distance = Distributions.Distance(ours, result.Sequences[0]);
        Assert.True(distance <= tolerance, $"distance {distance:E2}, allowed {tolerance:E1}");
        Assert.Equal(config.MaxPositionEmbeddings, result.TrainContext);
    }

    [Theory, MemberData(nameof(SmallRows))]
    public void Export_SmallerType_GivesNearlyTheSameDistributions(string name, GgufTensorType type)
    {
        LlamaCpp.SkipUnlessThere();
        LlamaCppResult result = Results.Value[(name, type)];
        Assert.True(result.Error is null, $"{result.Error} {string.Join(" | ", result.Messages)}");
        using CausalLanguageModel model = Create(ExportCases.Config(name));
        double divergence = Distributions.Divergence(Ours(model), result.Sequences[0]);
        // Random weights amplify rounding, more with each layer (seen: 3e-5, 2e-3, 2e-2); llama.cpp rounds activations to the weights' type as well.
        Assert.InRange(divergence, -1e-6, type switch { GgufTensorType.Float16 => 1e-4, GgufTensorType.Q8_0 => 5e-2, _ => 1e-2 });
    }

    [Theory, MemberData(nameof(Names))]
    public void Distance_OtherPositions_IsFarBeyondTheTolerance(string name)
    {
        ModelConfig config = ExportCases.Config(name);
        using CausalLanguageModel model = Create(config), other = Create(config with
        {
            RopeScaling = RopeScaling.None,
            RopeTheta = 300,
            PartialRotaryFactor = 1,
            RopeByLayerType = new Dictionary<string, RopeSettings>(),
        });
        Assert.True(Distributions.Distance(Ours(model), Ours(other)) > 20 * ToleranceOfGelu);
    }

    private static Dictionary<(string, GgufTensorType), LlamaCppResult> RunAll()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string tokenizer = ByteTokenizer.Write(folder["tokenizer"], ExportCases.Vocabulary);
        var jobs = new List<((string, GgufTensorType) Key, LlamaCppJob Job)>();
        foreach (string name in ExportCases.Names)
        {
            using CausalLanguageModel model = Create(ExportCases.Config(name));
            foreach (GgufTensorType type in Enum.GetValues<GgufTensorType>())
            {
                string path = folder[$"{name}-{type}.gguf"];
                GgufExporter.Export(model, path, new GgufExportOptions { TokenizerFolder = tokenizer, ElementType = type, Name = "case" });
                jobs.Add(((name, type), new LlamaCppJob(path) { VocabularySize = ExportCases.Vocabulary, Sequences = [Ids] }));
            }
        }

        return jobs.Zip(LlamaCpp.Run([.. jobs.Select(pair => pair.Job)])).ToDictionary(pair => pair.First.Key, pair => pair.Second);
    }

    /// <summary>Random weights; those of norms and biases too, which Create leaves at 1 and 0.</summary>
    private static CausalLanguageModel Create(ModelConfig config)
    {
        CausalLanguageModel model = CausalLanguageModel.Create(config, seed: 7);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var generator = new Generator(11, CPU);
        foreach (Tensor vector in model.Parameters.Values.Where(weight => weight.dim() == 1)) vector.AddInPlace(randn(vector.shape, generator: generator), 0.2);
        return model;
    }

    private static double[][] Ours(CausalLanguageModel model) =>
        Distributions.FromLogits(TinyModels.Logits(model, PackedBatch.Create([new TokenSequence(Ids)])), ExportCases.Vocabulary);

    private static int[] Tokens(int count)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(3, ExportCases.Vocabulary))];
    }
}
