using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training;

/// <summary>An optimizer that fails between two parameters: the weights are no whole step's.</summary>
public sealed class TrainerUnfinishedStepTests
{
    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(20, 1)]);

    [Fact]
    public async Task TrainAsync_AfterAnOptimizerFailedInItsMidst_IsRefusedUntilResumed()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), straight = TinyModels.Create();
        var optimizer = new FailingOptions { FailingUpdate = (3 * model.TrainableParameters.Count) + 4 };
        using var trainer = new LongContextTrainer(model, Options(optimizer) with { CheckpointFolder = folder.Path, CheckpointEverySteps = 2 });

        await Assert.ThrowsAsync<InsufficientMemoryException>(() => trainer.TrainAsync(TrainingRun.InTurn(Pack), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(3, trainer.StepsDone);
        InvalidOperationException e = await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(TrainingRun.InTurn(Pack), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("ended in its midst", e.Message, StringComparison.Ordinal);
        Assert.Equal(["checkpoint-000002"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName));

        trainer.Resume(folder["checkpoint-000002"]);
        await trainer.TrainAsync(TrainingRun.InTurn(Pack), cancellationToken: TestContext.Current.CancellationToken);
        await TrainingRun.Of(straight, Options(new FailingOptions()), Pack);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
    }

    private static TrainerOptions Options(OptimizerOptions optimizer) => new() { Steps = 5, LearningRate = 1e-2, Optimizer = optimizer };

    /// <summary>Gradient descent, whose one update in all its life can fail.</summary>
    private sealed class FailingOptions() : OptimizerOptions(weightDecay: 0)
    {
        public int FailingUpdate { get; init; } = int.MaxValue;

        internal override string Name => "Failing";

        internal override IEnumerable<(string Name, object? Value)> StateConstants => [];

        internal override Optimizer Create(IReadOnlyList<Parameter> parameters, IReadOnlyList<ParameterGroup> groups, int seed) => new Failing(parameters, this, groups, seed);

        private protected override IEnumerable<string> OwnFaults() => [];

        private protected override long OwnStateBytes(long[] shape, int size) => 0;
    }

    private sealed class Failing(IReadOnlyList<Parameter> parameters, FailingOptions options, IReadOnlyList<ParameterGroup> groups, int seed) : Optimizer(parameters, options, groups, seed)
    {
        private int updates;

        protected override void Update(OptimizedParameter parameter, double rate, ParameterSlices slices)
        {
            if (++updates == options.FailingUpdate) throw new InsufficientMemoryException("no memory for a slice");
            slices.ForEach(slice => slice.Weight.AddInPlace(slice.Gradient, -rate));
        }
    }
}
