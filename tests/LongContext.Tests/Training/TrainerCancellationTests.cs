using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;

namespace LongContext.Tests.Training;

/// <summary>Cancellation at awkward moments: a whole checkpoint is left each time, and the run goes on from it as if never stopped.</summary>
public sealed class TrainerCancellationTests
{
    private static readonly PackedBatch[] Packs = [.. Enumerable.Range(0, 5).Select(i => PackedBatch.Create([TinyModels.Document(12 + i, i)]))];

    private static TrainerOptions Options(string? folder, int steps = 6, int every = 2) => new()
    {
        Steps = steps, LearningRate = 1e-2, CheckpointFolder = folder, CheckpointEverySteps = folder is null ? null : every, CheckpointsToKeep = 10,
    };

    [Theory]
    [InlineData(1)] // no checkpoint is due
    [InlineData(2)] // one is about to be written
    [InlineData(5)]
    public async Task TrainAsync_CancelledBeforeASave_WritesItAndThenEnds(int step)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using var cancellation = new CancellationTokenSource();
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        var listener = new TrainingRun.Listener(progress => { if (progress.Step == step) { cancellation.Cancel(); cancellation.Cancel(); } });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), listener, cancellation.Token));
        Assert.Equal(step, trainer.StepsDone);
        await AssertGoesOn(folder.Path, step);
    }

    [Fact]
    public async Task TrainAsync_CancelledWhileItSaves_FinishesTheSave()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using var cancellation = new CancellationTokenSource();
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        // The temporary folder is there from the save's beginning to its end.
        string partial = folder[".partial-checkpoint-000002"];
        Task watching = Task.Run(() =>
        {
            while (!Directory.Exists(partial) && !Directory.Exists(folder["checkpoint-000002"])) Thread.Yield();
            cancellation.Cancel();
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: cancellation.Token));
        await watching;
        Assert.False(Directory.Exists(partial));
        await AssertGoesOn(folder.Path, trainer.StepsDone);
    }

    [Fact]
    public async Task TrainAsync_CancelledInTheLastReport_IsDone()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using var cancellation = new CancellationTokenSource();
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        var listener = new TrainingRun.Listener(progress => { if (progress.Step == 6) cancellation.Cancel(); });
        Assert.Equal(6, (await trainer.TrainAsync(TrainingRun.InTurn(Packs), listener, cancellation.Token)).Steps);
        Assert.Equal(folder["checkpoint-000006"], TrainingCheckpoint.FindLatest(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_CancelledAgainAndAgain_GoesOnEachTime()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), straight = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        for (int step = 1; step <= 5; step++)
        {
            using var cancellation = new CancellationTokenSource();
            var listener = new TrainingRun.Listener(_ => cancellation.Cancel());
            OperationCanceledException cancelled = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), listener, cancellation.Token));
            Assert.Equal(cancellation.Token, cancelled.CancellationToken);
            Assert.Equal(step, trainer.StepsDone);
            await AssertGoesOn(folder.Path, step);
        }

        await trainer.TrainAsync(TrainingRun.InTurn(Packs));
        await TrainingRun.Of(straight, Options(null), Packs);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
    }

    /// <summary>The newest checkpoint is of this step, and a run from it ends where an unbroken one ends.</summary>
    private static async Task AssertGoesOn(string folder, int step)
    {
        string checkpoint = TrainingCheckpoint.FindLatest(folder)!;
        Assert.Equal($"checkpoint-{step:D6}", Path.GetFileName(checkpoint));
        using CausalLanguageModel resumed = TinyModels.Create(seed: 99), straight = TinyModels.Create();
        await TrainingRun.Of(resumed, Options(null), TrainingRun.InTurn(Packs), resume: checkpoint);
        await TrainingRun.Of(straight, Options(null), Packs);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(resumed));
    }
}
