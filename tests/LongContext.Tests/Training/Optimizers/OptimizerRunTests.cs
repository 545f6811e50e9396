using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>Each optimizer in the trainer's hands.</summary>
public sealed class OptimizerRunTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(9, 2)]), PackedBatch.Create([TinyModels.Document(30, 3)]), PackedBatch.Create([TinyModels.Document(25, 4)]),
    ];

    public static TheoryData<string, ScalarType> Kinds => new(
        from name in new[] { "AdamW", "AdamW8Bit", "Adafactor", "Lion", "Stochastic", "OnHost" }
        from dataType in new[] { ScalarType.Float32, ScalarType.BFloat16 }
        select (name, dataType));

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TrainAsync_ResumedInTheMiddle_GoesOnAsIfNeverStopped(string name, ScalarType dataType)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = TinyModels.Create(dataType: dataType), other = TinyModels.Create(dataType: dataType, seed: 77);
        TrainingRun whole = await TrainingRun.Of(straight, Options(name, folder["straight"]), TrainingRun.InTurn(Packs));
        TrainingRun rest = await TrainingRun.Of(
            other, Options(name, folder["resumed"]), TrainingRun.InTurn(Packs), resume: folder["straight/checkpoint-000003"]);
        Assert.Equal(whole.Losses[3..], rest.Losses);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
        Assert.Equal(File.ReadAllBytes(folder["straight/checkpoint-000006/optimizer.safetensors"]), File.ReadAllBytes(folder["resumed/checkpoint-000006/optimizer.safetensors"]));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task TrainAsync_OnAFewDocuments_LearnsThem(string name, ScalarType dataType)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: dataType);
        TrainingRun run = await TrainingRun.Of(model, new TrainerOptions
        {
            Steps = 60, LearningRate = name == "Lion" ? 2e-3 : 1e-2, Optimizer = Optimizer(name), Schedule = LongContext.Training.LearningRateSchedule.Constant(),
        }, Packs);
        Assert.True(run.Losses[^1] < run.Losses[0] / 3, $"loss {run.Losses[0]} → {run.Losses[^1]}");
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void StateBytes_OfEachShape_AreThoseOfTheState(ScalarType dataType)
    {
        using var parameters = new TestParameters(dataType);
        OptimizerOptions[] all =
        [
            new AdamWOptions(), new AdamW8BitOptions { MinimumSize = 500 }, new LionOptions(), new AdafactorOptions(), new AdafactorOptions { Beta1 = 0.9 },
            new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.Nearest },
        ];
        foreach (OptimizerOptions options in all)
        {
            using Optimizer optimizer = options.Create(parameters.All, [], seed: 0);
            foreach (Parameter parameter in parameters.All)
            {
                long kept = optimizer.State()
                    .Where(entry => entry.Name.EndsWith("." + parameter.Name, StringComparison.Ordinal) && !entry.Name.StartsWith("step.", StringComparison.Ordinal))
                    .Sum(entry => entry.Shape.Aggregate(Size(entry.DataType), (a, b) => a * b));
                Assert.Equal(kept, options.StateBytes(parameter.Value.shape, dataType));
            }
        }
    }

    private static long Size(TensorDataType type) => type switch { TensorDataType.Float64 => 8, TensorDataType.Float32 => 4, _ => 1 };

    private static TrainerOptions Options(string name, string folder) => new()
    {
        Steps = 6, LearningRate = 1e-2, Optimizer = Optimizer(name), CheckpointFolder = folder, CheckpointEverySteps = 3, Seed = 3,
        ParameterGroups = [new ParameterGroup { Pattern = "*.mlp.*", LearningRateFactor = 0.5, WeightDecay = 0.01 }],
    };

    private static OptimizerOptions Optimizer(string name) => name switch
    {
        "AdamW" => new AdamWOptions(),
        "AdamW8Bit" => new AdamW8BitOptions { MinimumSize = 1000 },
        "Adafactor" => new AdafactorOptions { Beta1 = 0.9 },
        "Lion" => new LionOptions { WeightDecay = 0.1 },
        "Stochastic" => new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding },
        _ => new AdamW8BitOptions { StateOnHost = true, MinimumSize = 0 },
    };
}
