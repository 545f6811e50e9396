using LongContext.Training.Evaluations;

namespace LongContext.Tests.Training;

public sealed class TrainerOptionsTests
{
    [Fact]
    public void Faults_KeepBestWithoutWhatDecides_AreAmongTheOthers()
    {
        string[] faults = [.. new TrainerOptions { KeepBestCheckpoint = true, LearningRate = -1 }.Faults()];
        Assert.Equal(3, faults.Length);
        Assert.Contains(faults, fault => fault.StartsWith("KeepBestCheckpoint is set, but CheckpointFolder is not", StringComparison.Ordinal));
        Assert.Contains(faults, fault => fault.StartsWith("KeepBestCheckpoint is set, but Evaluations is empty", StringComparison.Ordinal));
        Assert.Empty(new TrainerOptions { KeepBestCheckpoint = true, CheckpointFolder = "run", Evaluations = [new LossByPositionEvaluation([LongContext.Packing.PackedBatch.Create([TinyModels.Document(20, 1)])])] }.Faults());
    }
}
