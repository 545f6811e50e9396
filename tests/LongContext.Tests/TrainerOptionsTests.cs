using LongContext.Models;
using LongContext.Packing;
using LongContext.Training.Evaluations;
using LongContext.Training.Optimizers;

namespace LongContext.Tests;

public sealed class TrainerOptionsTests
{
    [Fact]
    public void LongContextTrainer_EveryFault_IsNamedInOneException()
    {
        using CausalLanguageModel model = TinyModels.Create();
        ArgumentException e = Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions
        {
            Steps = 0,
            Epochs = 0,
            GradientAccumulationSteps = -3,
            LearningRate = double.NaN,
            Schedule = null!,
            MaximumGradientNorm = 0,
            CheckpointEverySteps = 0,
            CheckpointsToKeep = 0,
            Optimizer = new AdamWOptions { Beta1 = 1, Beta2 = -0.1, Epsilon = 0, WeightDecay = double.PositiveInfinity },
        }));
        string[] named =
        [
            "Steps must", "Epochs", "GradientAccumulationSteps", "-3", "LearningRate", "NaN", "Schedule", "MaximumGradientNorm", "CheckpointEverySteps must",
            "CheckpointFolder is not", "CheckpointsToKeep", "AdamW.Beta1", "AdamW.Beta2", "AdamW.Epsilon", "AdamW.WeightDecay",
        ];
        Assert.All(named, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void LongContextTrainer_OneFault_IsTheOnlyOneNamed()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Equal(
            "TrainerOptions: CheckpointFolder must name a folder, but is empty.",
            Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions { CheckpointFolder = " " })).Message);
        Assert.Equal(
            "TrainerOptions: Optimizer must not be null.",
            Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions { Optimizer = null! })).Message);
        Assert.Equal(
            "TrainerOptions: LearningRate must be positive, but is 0.",
            Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions { LearningRate = 0 })).Message);
    }

    [Fact]
    public void Faults_KeepBestWithoutWhatDecides_AreAmongTheOthers()
    {
        string[] faults = [.. new TrainerOptions { KeepBestCheckpoint = true, LearningRate = -1 }.Faults()];
        Assert.Equal(3, faults.Length);
        Assert.Contains(faults, fault => fault.StartsWith("KeepBestCheckpoint is set, but CheckpointFolder is not", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("KeepBestCheckpoint is set, but Evaluations is empty", StringComparison.Ordinal));
        Assert.Empty(new TrainerOptions { KeepBestCheckpoint = true, CheckpointFolder = "run", Evaluations = [new LossByPositionEvaluation([PackedBatch.Create([TinyModels.Document(20, 1)])])] }.Faults());
    }

    [Fact]
    public void LongContextTrainer_Null_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Throws<ArgumentNullException>("model", () => new LongContextTrainer(null!, new TrainerOptions()));
        Assert.Throws<ArgumentNullException>("options", () => new LongContextTrainer(model, null!));
    }
}
