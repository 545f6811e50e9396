using LongContext.Adapters;
using LongContext.Models;
using LongContext.Models.Quantization;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Training;

namespace LongContext.Tests.Training;

/// <summary>What is disposed while a run uses it: from the call to train on, before its thread has begun too.</summary>
public sealed class TrainerDisposalTests
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private static TrainerOptions Options => new() { Steps = 3, LearningRate = 1e-2 };

    [Fact]
    public async Task Dispose_AtOnceAfterTheCall_IsRefusedAndTheRunGoesOn()
    {
        using CausalLanguageModel straight = TinyModels.Create();
        await TrainingRun.Of(straight, Options, Packs);
        for (int i = 0; i < 20; i++) // a thread may begin quickly once
        {
            using CausalLanguageModel model = TinyModels.Create();
            var trainer = new LongContextTrainer(model, Options);
            using var goOn = new ManualResetEventSlim();
            Task<TrainingResult> run = trainer.TrainAsync(PackSource.FromFunction(index =>
            {
                goOn.Wait(TestContext.Current.CancellationToken);
                return Packs[index % Packs.Length];
            }));
            Task<TrainingResult> second = trainer.TrainAsync(TrainingRun.InTurn(Packs));
            Assert.True(second.IsFaulted, "the first run has the trainer from its call on, so the second is refused before anything is started");
            await Assert.ThrowsAsync<InvalidOperationException>(() => second);
            Exception?[] refusals = [Record.Exception(trainer.Dispose), Record.Exception(model.Dispose)];
            goOn.Set();
            Assert.Equal(3, (await run).Steps);
            Assert.All(refusals, refusal => Assert.Contains("cancel", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal));
            TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
            trainer.Dispose();
            await Assert.ThrowsAsync<ObjectDisposedException>(() => trainer.TrainAsync(Packs));
        }
    }

    [Fact]
    public async Task Dispose_InTheMidstOfARun_IsRefusedForAllThatTheRunUses()
    {
        using CausalLanguageModel model = TinyModels.Create();
        LoraAdapter adapter = model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        using var trainer = new LongContextTrainer(model, Options);
        using var second = new LongContextTrainer(model, Options);
        List<Exception?> refusals = [];
        var listener = new TrainingRun.Listener(_ =>
            refusals.AddRange(new[] { trainer.Dispose, model.Dispose, adapter.Dispose, model.RemoveAdapter, model.MergeAndRemoveAdapter, () => second.Resume("anywhere") }.Select(Record.Exception)));
        Task<TrainingResult> run = trainer.TrainAsync(TrainingRun.InTurn(Packs), listener);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second.TrainAsync(Packs));
        Assert.Equal(3, (await run).Steps);
        Assert.Equal(18, refusals.Count);
        Assert.All(refusals, refusal => Assert.IsType<InvalidOperationException>(refusal));
        Assert.True(adapter.IsAttached && !adapter.IsMerged);
        await second.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        model.MergeAndRemoveAdapter();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Model_ChangedInTheMidstOfARun_IsRefusedAndTheRunGoesOn(bool adapted)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = Model(), model = Model();
        await TrainingRun.Of(straight, Options, TrainingRun.InTurn(Packs));
        using (CausalLanguageModel other = TinyModels.Create()) other.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1).Save(folder.Path);

        Action[] changes =
        [
            () => model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.Linear),
            () => model.SetRopeScaling(RopeScaling.Linear(2)),
            () => model.PositionRemapping = null,
            () => model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1),
            () => LoraAdapter.Load(folder.Path, model),
            () => ModelQuantizer.Quantize(model, new QuantizationOptions()),
            .. adapted ? [model.MergeAdapter, model.UnmergeAdapter] : Array.Empty<Action>(),
        ];
        List<Exception?> refusals = [];
        using (var trainer = new LongContextTrainer(model, Options))
            await trainer.TrainAsync(TrainingRun.InTurn(Packs), new TrainingRun.Listener(_ => refusals.AddRange(changes.Select(Record.Exception))), TestContext.Current.CancellationToken);
        Assert.Equal(3 * changes.Length, refusals.Count);
        Assert.All(refusals, refusal => Assert.Contains("A run is training the model", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal));
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
        Assert.Equal(straight.Adapter?.Tensors.Values.Select(tensor => tensor.bytes.ToArray()), model.Adapter?.Tensors.Values.Select(tensor => tensor.bytes.ToArray()));

        // And afterwards all is as before.
        model.ExtendTo(2 * TinyModels.TrainedWindow, ContextExtensionMethod.Linear);
        if (adapted) model.MergeAdapter();
        else model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);

        CausalLanguageModel Model()
        {
            CausalLanguageModel made = TinyModels.Create();
            if (adapted) made.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
            return made;
        }
    }

    [Fact]
    public async Task Dispose_AfterARunThatFailedOrNeverBegan_Works()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var trainer = new LongContextTrainer(model, Options);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        Task<TrainingResult> never = trainer.TrainAsync(Packs, cancellationToken: cancelled.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => never);
        Assert.True(never.IsCanceled);
        await Assert.ThrowsAsync<NotSupportedException>(() => trainer.TrainAsync(PackSource.FromFunction(_ => throw new NotSupportedException())));
        trainer.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => trainer.Resume("anywhere"));
    }

    [Fact]
    public async Task DisposeAsync_InTheMidstOfARun_CancelsItAwaitsItAndFrees()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = int.MaxValue - 1, Schedule = LearningRateSchedule.Constant(), CheckpointFolder = folder.Path });
        var stepped = new TaskCompletionSource();
        Task<TrainingResult> run = trainer.TrainAsync(TrainingRun.InTurn(Packs), new TrainingRun.Listener(_ => stepped.TrySetResult()));
        await stepped.Task;
        await trainer.DisposeAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(run.IsCanceled);
        Assert.Equal($"checkpoint-{trainer.StepsDone:D6}", Path.GetFileName(TrainingCheckpoint.FindLatest(folder.Path)));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => trainer.TrainAsync(Packs));
        await trainer.DisposeAsync(); // again, without a run
        model.Dispose();
    }

    /// <summary>A call to train that comes just when the trainer is disposed is the one that is awaited.</summary>
    [Fact]
    public async Task DisposeAsync_BesideTheFirstCallToTrain_AlwaysEnds()
    {
        using CausalLanguageModel model = TinyModels.Create();
        model.AddAdapter(new LoraOptions { Rank = 1, TargetModules = ["q_proj"] }, seed: 1);
        var cancelled = new CancellationToken(canceled: true);
        using var both = new Barrier(2);
        for (int i = 0; i < 2000; i++)
        {
            var trainer = new LongContextTrainer(model, Options);
            Task train = Task.Run(() =>
            {
                both.SignalAndWait(TestContext.Current.CancellationToken);
                return trainer.TrainAsync(Packs, cancellationToken: cancelled);
            });
            both.SignalAndWait(TestContext.Current.CancellationToken);
            Thread.SpinWait(i % 200);
            await trainer.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
            Assert.True(await Record.ExceptionAsync(() => train) is OperationCanceledException or ObjectDisposedException);
        }
    }

    [Fact]
    public async Task DisposeAsync_WithoutARun_Frees()
    {
        using CausalLanguageModel model = TinyModels.Create();
        await using (var trainer = new LongContextTrainer(model, Options)) await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        await using var never = new LongContextTrainer(model, Options);
    }

    [Fact]
    public async Task TrainAsync_ModelDisposedBefore_SaysSo()
    {
        CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, Options);
        model.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => trainer.TrainAsync(Packs));
    }
}
