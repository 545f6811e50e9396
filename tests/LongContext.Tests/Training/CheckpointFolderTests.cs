using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;

namespace LongContext.Tests.Training;

/// <summary>One folder is one run's: looked at, made and held before the first step.</summary>
public sealed class CheckpointFolderTests : IDisposable
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task TrainAsync_LaterCheckpointOfAnotherRun_IsRefusedBeforeTheFirstStep()
    {
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(steps: 4), Packs);
        using CausalLanguageModel second = TinyModels.Create(seed: 9);
        Dictionary<string, byte[]> before = TinyModels.Bytes(second);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => TrainingRun.Of(second, Options(steps: 2), Packs));
        Assert.Contains(nameof(TrainerOptions.OverwriteCheckpoints), refused.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint-000004", refused.Message, StringComparison.Ordinal);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(second));

        // One that begins at an earlier step of the same run, likewise.
        string earlier = folder["run/checkpoint-000003"];
        using CausalLanguageModel third = TinyModels.Create();
        refused = await Assert.ThrowsAsync<InvalidOperationException>(() => TrainingRun.Of(third, Options(steps: 4), TrainingRun.InTurn(Packs), resume: earlier));
        Assert.Contains("of another run, or of this one's own later steps", refused.Message, StringComparison.Ordinal);

        // The latest goes on.
        await TrainingRun.Of(third, Options(steps: 5), TrainingRun.InTurn(Packs), resume: TrainingCheckpoint.FindLatest(folder["run"]));
    }

    [Fact]
    public async Task TrainAsync_OverwriteCheckpoints_LeavesOnlyItsOwnOnceTheFirstIsWhole()
    {
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(steps: 4), Packs);
        using CausalLanguageModel second = TinyModels.Create(seed: 9);
        List<string?> latest = [];
        using var trainer = new LongContextTrainer(second, Options(steps: 2) with { OverwriteCheckpoints = true });
        await trainer.TrainAsync(TrainingRun.InTurn(Packs), new TrainingRun.Listener(_ => latest.Add(TrainingCheckpoint.FindLatest(folder["run"]))), TestContext.Current.CancellationToken);
        Assert.Equal([folder["run/checkpoint-000004"], folder["run/checkpoint-000001"]], latest); // told before the step's own is written
        Assert.Equal(["checkpoint-000001", "checkpoint-000002"], Directory.GetDirectories(folder["run"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        using CausalLanguageModel resumed = TinyModels.Create(seed: 30);
        using var again = new LongContextTrainer(resumed, Options(steps: 2));
        Assert.Equal(folder["run/checkpoint-000002"], again.ResumeLatest());
        TinyModels.AssertSameBytes(TinyModels.Bytes(second), TinyModels.Bytes(resumed));
    }

    /// <summary>All that stood there beyond the step that the run begins with is another's, also where this run has gone past it by its first checkpoint.</summary>
    [Fact]
    public async Task TrainAsync_OverwriteCheckpoints_TakesAwayThoseItHasGonePastToo()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create(seed: 9);
        await TrainingRun.Of(model, Options(steps: 4) with { CheckpointsToKeep = 9 }, Packs);
        await TrainingRun.Of(second, Options(steps: 3) with { OverwriteCheckpoints = true, CheckpointEverySteps = null, CheckpointsToKeep = 9 }, Packs);
        Assert.Equal(["checkpoint-000003"], Names());
        using CausalLanguageModel resumed = TinyModels.Create(seed: 30);
        using var again = new LongContextTrainer(resumed, Options(steps: 3));
        again.ResumeLatest();
        TinyModels.AssertSameBytes(TinyModels.Bytes(second), TinyModels.Bytes(resumed));
    }

    [Fact]
    public async Task TrainAsync_OverwriteCheckpointsCancelledBeforeAStepIsDone_LeavesTheOthers()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create(seed: 9);
        await TrainingRun.Of(model, Options(steps: 2), Packs);
        using var stop = new CancellationTokenSource();
        using var trainer = new LongContextTrainer(second, Options(steps: 3) with { OverwriteCheckpoints = true });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(PackSource.FromFunction(index =>
        {
            stop.Cancel();
            return Packs[index % Packs.Length];
        }), cancellationToken: stop.Token));
        Assert.Equal(["checkpoint-000000", "checkpoint-000001", "checkpoint-000002"], Names());
    }

    /// <summary>Between looking for the latest and holding the folder, another run may have written.</summary>
    [Fact]
    public async Task TrainAsync_ACheckpointWrittenSinceResumeLatest_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create(seed: 9);
        await TrainingRun.Of(model, Options(steps: 2), Packs);
        using var trainer = new LongContextTrainer(second, Options(steps: 6));
        Assert.Equal(folder["run/checkpoint-000002"], trainer.ResumeLatest());
        await TrainingRun.Of(model, Options(steps: 4), TrainingRun.InTurn(Packs), resume: folder["run/checkpoint-000002"]);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("checkpoint-000004", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ResumeLatest again", refused.Message, StringComparison.Ordinal);
        Assert.Equal(folder["run/checkpoint-000004"], trainer.ResumeLatest());
        Assert.Equal(6, (await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken)).Steps);
    }

    /// <summary>One that was passed over as damaged, and has been written anew meanwhile, is one that was written since.</summary>
    [Fact]
    public async Task TrainAsync_ADamagedCheckpointWrittenAnewSinceResumeLatest_IsRefused()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create(seed: 9);
        await TrainingRun.Of(model, Options(steps: 2), Packs);
        string weights = folder["run/checkpoint-000002/model.safetensors"];
        byte[] whole = File.ReadAllBytes(weights);
        File.WriteAllBytes(weights, [.. whole[..^1], (byte)(whole[^1] ^ 1)]);
        using var trainer = new LongContextTrainer(second, Options(steps: 3));
        Assert.Equal(folder["run/checkpoint-000001"], trainer.ResumeLatest());
        File.WriteAllBytes(weights, whole);
        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("ResumeLatest again", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TrainAsync_AnothersLockFileInTheFolder_StaysAsItIs()
    {
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["run/.lock"], "another program's");
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(steps: 1), Packs);
        Assert.Equal("another program's", File.ReadAllText(folder["run/.lock"]));
    }

    /// <summary>A folder copied with its links would have what they point to written to and deleted.</summary>
    [Fact]
    public async Task TrainAsync_LockIsALink_IsRefused()
    {
        Directory.CreateDirectory(folder["run"]);
        File.WriteAllText(folder["precious"], "data");
        File.CreateSymbolicLink(folder["run/.longcontext.lock"], folder["precious"]);
        using CausalLanguageModel model = TinyModels.Create();
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => TrainingRun.Of(model, Options(steps: 1), Packs));
        Assert.Contains("link", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", refused.Message, StringComparison.Ordinal);
        Assert.Equal("data", File.ReadAllText(folder["precious"]));
    }

    /// <summary>The lock's file goes as it is let go: who opened it just before must not hold it without a name, beside one who makes it anew.</summary>
    [Fact]
    public void Take_ManyAtATime_OneHasTheFolder()
    {
        int holders = 0, most = 0, taken = 0;
        Parallel.For(0, 5_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ =>
        {
            try
            {
                using CheckpointFolderLock held = CheckpointFolderLock.Take(folder["run"]);
                int now = Interlocked.Increment(ref holders);
                if (now > 1) Interlocked.Exchange(ref most, now);
                Interlocked.Increment(ref taken);
                Thread.SpinWait(500);
                Interlocked.Decrement(ref holders);
            }
            catch (IOException e) when (e.Message.Contains("in use", StringComparison.Ordinal))
            {
            }
        });
        Assert.Equal(0, most);
        Assert.True(taken > 100, $"only {taken} took it");
    }

    /// <summary>Too many open files, say, is not another run.</summary>
    [Fact]
    public void IsInUse_SharingViolationsOnly()
    {
        using FileStream held = new(folder["held"], FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Assert.True(CheckpointFolderLock.IsInUse(Assert.ThrowsAny<IOException>(() => new FileStream(folder["held"], FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None))));
        Assert.False(CheckpointFolderLock.IsInUse(Assert.ThrowsAny<IOException>(() => new FileStream(folder["nowhere/held"], FileMode.OpenOrCreate))));
        Assert.False(CheckpointFolderLock.IsInUse(new IOException("Too many open files", 24)));
    }

    /// <summary>A checkpoint that a running save has put aside is that save's.</summary>
    [Fact]
    public async Task FindLatest_BesideARun_MovesNothing()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create(seed: 9);
        await TrainingRun.Of(model, Options(steps: 2), Packs);
        string final = folder["run/checkpoint-000002"], aside = folder["run/.partial-checkpoint-000002.replaced"];
        using var goOn = new ManualResetEventSlim();
        using var trainer = new LongContextTrainer(second, Options(steps: 1) with { OverwriteCheckpoints = true });
        var started = new TaskCompletionSource();
        Task<TrainingResult> run = trainer.TrainAsync(PackSource.FromFunction(index =>
        {
            started.TrySetResult();
            goOn.Wait(TestContext.Current.CancellationToken);
            return Packs[index % Packs.Length];
        }), cancellationToken: TestContext.Current.CancellationToken);
        await started.Task;
        Directory.Move(final, aside);
        string? latest = TrainingCheckpoint.FindLatest(folder["run"]);
        TrainingCheckpoint.FindBest(folder["run"]);
        bool stayed = Directory.Exists(aside) && !Directory.Exists(final);
        goOn.Set();
        await run;
        Assert.True(stayed);
        Assert.Equal(folder["run/checkpoint-000001"], latest);

        // With nobody there, a dead process left it.
        Directory.Move(folder["run/checkpoint-000001"], folder["run/.partial-checkpoint-000001.replaced"]);
        Assert.Equal(folder["run/checkpoint-000001"], TrainingCheckpoint.FindLatest(folder["run"]));
    }

    /// <summary>A later one that is damaged was passed over aloud: it stops nothing.</summary>
    [Fact]
    public async Task TrainAsync_AfterResumeLatestPassedOverADamagedOne_GoesOn()
    {
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(steps: 4), Packs);
        string weights = folder["run/checkpoint-000004/model.safetensors"];
        byte[] bytes = File.ReadAllBytes(weights);
        bytes[^1] ^= 1;
        File.WriteAllBytes(weights, bytes);
        using CausalLanguageModel other = TinyModels.Create(seed: 9);
        using var trainer = new LongContextTrainer(other, Options(steps: 4));
        Assert.Equal(folder["run/checkpoint-000003"], trainer.ResumeLatest());
        Assert.Equal(4, (await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken)).Steps);
        TrainingCheckpoint.Verify(folder["run/checkpoint-000004"]);
    }

    [Fact]
    public async Task TrainAsync_SecondRunInTheFolder_IsRefusedUntilTheFirstHasEnded()
    {
        using CausalLanguageModel model = TinyModels.Create(), second = TinyModels.Create();
        using var goOn = new ManualResetEventSlim();
        using var trainer = new LongContextTrainer(model, Options(steps: 2));
        var started = new TaskCompletionSource();
        Task<TrainingResult> run = trainer.TrainAsync(PackSource.FromFunction(index =>
        {
            started.TrySetResult();
            goOn.Wait(TestContext.Current.CancellationToken);
            return Packs[index % Packs.Length];
        }), cancellationToken: TestContext.Current.CancellationToken);
        await started.Task;
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => TrainingRun.Of(second, Options(steps: 2), Packs));
        goOn.Set();
        await run;
        Assert.Contains("in use by another run of this process", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(folder["run"]), file => file.EndsWith(".lock", StringComparison.Ordinal));
        await TrainingRun.Of(second, Options(steps: 2) with { OverwriteCheckpoints = true }, Packs);
    }

    [Fact]
    public async Task TrainAsync_AFileInTheFoldersPlace_IsToldBeforeTheFirstStep()
    {
        File.WriteAllText(folder["run"], "");
        using CausalLanguageModel model = TinyModels.Create();
        bool stepped = false;
        using var trainer = new LongContextTrainer(model, Options(steps: 2));
        IOException refused = await Assert.ThrowsAnyAsync<IOException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), new TrainingRun.Listener(_ => stepped = true), TestContext.Current.CancellationToken));
        Assert.Contains("TrainerOptions.CheckpointFolder", refused.Message, StringComparison.Ordinal);
        Assert.False(stepped);
    }

    [Fact]
    public void Options_OverwriteWithoutAFolder_IsAFault()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Assert.Contains("OverwriteCheckpoints is set, but CheckpointFolder is not", Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions { OverwriteCheckpoints = true })).Message, StringComparison.Ordinal);
    }

    private IEnumerable<string?> Names() => Directory.GetDirectories(folder["run"]).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private TrainerOptions Options(int steps) => new() { Steps = steps, LearningRate = 1e-2, CheckpointFolder = folder["run"], CheckpointEverySteps = 1 };
}
