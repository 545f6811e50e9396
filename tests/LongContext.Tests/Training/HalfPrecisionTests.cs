using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Weights of half types are trained through float32 masters.</summary>
public sealed class HalfPrecisionTests
{
    private static PackedBatch Pack => PackedBatch.Create([TinyModels.Document(24, 1), TinyModels.Document(17, 2)]);

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public async Task TrainAsync_HalfWeights_StayFiniteAndLearn(ScalarType dataType)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: dataType);
        TrainingRun run = await TrainingRun.Of(model, new TrainerOptions { Steps = 30, LearningRate = 1e-2, Schedule = LearningRateSchedule.Constant() }, Pack);
        Assert.True(run.Losses[^1] < run.Losses[0] / 2, $"loss {run.Losses[0]} → {run.Losses[^1]}");
        // Rows of the embedding that no document uses have no gradient: in float16 alone they would be 0/0.
        Assert.All(model.Parameters.Values, parameter => Assert.All(TinyModels.Doubles(parameter), value => Assert.True(double.IsFinite(value))));
    }

    [Fact]
    public async Task TrainAsync_UpdatesBelowBFloat16sResolution_AddUp()
    {
        // 64 updates of about 1e-4 on norm weights of 1: each is a fortieth of the distance to the next bfloat16, all together are more.
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16);
        await TrainingRun.Of(model, new TrainerOptions { Steps = 64, LearningRate = 1e-4, Schedule = LearningRateSchedule.Constant() }, Pack);
        Assert.Contains(TinyModels.Doubles(model.Parameters["model.norm.weight"]), weight => weight != 1);
    }
}
