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
        await Assert.ThrowsAsync<InvalidOperationException>(() => TrainingRun.Of(third, Options(steps: 4), TrainingRun.InTurn(Packs), resume: earlier));

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
        Assert.DoesNotContain(Directory.GetFiles(folder["run"]), file => Path.GetFileName(file) == ".lock");
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

    private TrainerOptions Options(int steps) => new() { Steps = steps, LearningRate = 1e-2, CheckpointFolder = folder["run"], CheckpointEverySteps = 1 };
}
