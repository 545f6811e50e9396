using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

[Collection(TensorCounting.Name)]
public sealed class TrainerLeakTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(5, 2)]),
        PackedBatch.Create([TinyModels.Document(30, 3), TinyModels.Document(30, 4)], LossWeighting.PerSequence),
        PackedBatch.CreatePrompt(new[] { 3, 4, 5 }),
    ];

    [Theory]
    [InlineData(false, ScalarType.Float32)]
    [InlineData(true, ScalarType.Float64)]
    [InlineData(false, ScalarType.BFloat16)]
    public async Task TrainAsync_FiftySteps_HoldsNoMoreTensorsThanAfterFive(bool tied, ScalarType dataType)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: dataType, tied: tied);
        long before = TensorCounting.Count(), afterFive = 0, afterFifty = 0;
        using (var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 50, GradientAccumulationSteps = 3, MaximumGradientNorm = 1e-3 }))
        {
            var listener = new TrainingRun.Listener(progress =>
            {
                // Without collecting: a step leaves nothing, not even for the finalizers.
                if (progress.Step == 5) afterFive = Tensor.TotalCount;
                if (progress.Step == 50) afterFifty = Tensor.TotalCount;
            });
            await trainer.TrainAsync(TrainingRun.InTurn(Packs), listener, TestContext.Current.CancellationToken);
        }

        Assert.True(afterFive > before);
        Assert.Equal(afterFive, afterFifty);
        Assert.Equal(before, Tensor.TotalCount - RotaryTables);
    }

    [Fact]
    public async Task TrainAsync_ThatFails_LeavesNoTensor()
    {
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == 6) throw new InvalidDataException("in mid-step"); } };
        using CausalLanguageModel model = CausalLanguageModel.Create(TinyModels.Config(), 1, new ModelLoadOptions { AttentionKernel = kernel });
        long before = TensorCounting.Count();
        using (var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 5 }))
            await Assert.ThrowsAsync<InvalidDataException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs[..2])));
        Assert.Equal(before, Tensor.TotalCount - RotaryTables);
    }

    [Fact]
    public async Task TrainAsync_StreamsCheckpointsAndResuming_LeaveNoTensor()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        long before = TensorCounting.Count();
        var options = new TrainerOptions { Steps = 3, CheckpointFolder = folder.Path, CheckpointEverySteps = 1 };
        using (var trainer = new LongContextTrainer(model, options))
        {
            Assert.Null(trainer.ResumeLatest());
            await trainer.TrainAsync(Streams.Packer(), cancellationToken: TestContext.Current.CancellationToken);
            Assert.NotNull(trainer.ResumeLatest());
        }

        Assert.Equal(before, Tensor.TotalCount - RotaryTables);
    }

    /// <summary>cos and sin, which the model keeps from its first forward on.</summary>
    private const long RotaryTables = 2;
}
