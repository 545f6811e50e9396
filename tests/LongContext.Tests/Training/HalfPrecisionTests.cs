using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainAsync_Float16AndVeryManyTargets_LosesNoGradient(bool byLayer)
    {
        // The mean over so many copies of a document is the document's: a token's share of it is a 16,000th, and shares of that are what float16 has no numbers for.
        PackedBatch one = PackedBatch.Create([TinyModels.Document(9, 1)]);
        PackedBatch many = PackedBatch.Create([.. Enumerable.Repeat(TinyModels.Document(9, 1), 2_000)]);
        double expected = await NormAsync(ScalarType.Float32, one, byLayer);
        Assert.Equal(1, await NormAsync(ScalarType.Float16, one, byLayer) / expected, 5e-3);
        Assert.Equal(1, await NormAsync(ScalarType.Float16, many, byLayer) / expected, 5e-3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainAsync_Float16AndOneVeryLongSequence_LosesNoGradient(bool byLayer)
    {
        // Weighted per sequence, each target of one that was split into very many pieces counts a millionth, and the step is divided by the share of one sequence that its pieces are.
        TokenSequence piece = TinyModels.Document(9, 1);
        var pack = PackedBatch.Create([.. Enumerable.Repeat(new PackedDocument(piece, 8, 1_000_000), 200)], LossWeighting.PerSequence);
        double expected = await NormAsync(ScalarType.Float32, pack, byLayer);
        Assert.Equal(1, await NormAsync(ScalarType.Float16, pack, byLayer) / expected, 5e-3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainAsync_Float16AndSequencesOfVeryDifferentLengths_StaysFinite(bool byLayer)
    {
        // A sequence of one target beside one of 16,000: its target has half of the step's weight, all others share the rest.
        PackedDocument[] pieces = [new PackedDocument(TinyModels.Document(2, 3), 1, 1), .. Enumerable.Repeat(new PackedDocument(TinyModels.Document(9, 1), 8, 16_000), 2_000)];
        var pack = PackedBatch.Create(pieces, LossWeighting.PerSequence);
        double expected = await NormAsync(ScalarType.Float32, pack, byLayer);
        Assert.Equal(1, await NormAsync(ScalarType.Float16, pack, byLayer) / expected, 3e-2);
    }

    [Fact]
    public async Task TrainAsync_GradientBeyondFloat16_IsScaledLess()
    {
        // Where the last layer's outputs are small and the head is steep, a token's own gradient is beyond float16's largest number, 65,504.
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float16);
        using (no_grad())
        {
            foreach ((string name, Tensor weight) in model.Parameters)
            {
                if (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal) || name.Contains("embed", StringComparison.Ordinal)) weight.MultiplyInPlace(1e-3);
                else if (name == "lm_head.weight") weight.MultiplyInPlace(1e3);
            }
        }

        var logger = new ListLogger();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 1, Schedule = LearningRateSchedule.Constant() }, logger);
        await trainer.TrainAsync([PackedBatch.Create([TinyModels.Document(24, 1)])], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Contains(logger.All, line => line.Text.Contains("beyond float16's range", StringComparison.Ordinal));
        Assert.All(model.Parameters.Values, parameter => Assert.All(TinyModels.Doubles(parameter), value => Assert.True(double.IsFinite(value))));
    }

    private static async Task<double> NormAsync(ScalarType dataType, PackedBatch pack, bool byLayer)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: dataType);
        TrainerOptions options = new() { Steps = 1, Schedule = LearningRateSchedule.Constant(), MaximumGradientNorm = byLayer ? null : 1, AppliesGradientsByLayer = byLayer };
        return Assert.Single((await TrainingRun.Of(model, options, pack)).Progress).GradientNorm;
    }
}
