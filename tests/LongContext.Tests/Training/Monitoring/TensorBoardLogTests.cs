using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Monitoring;
using Tensorboard;

namespace LongContext.Tests.Training.Monitoring;

public sealed class TensorBoardLogTests
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private static TrainerOptions Options(string folder, int steps, string? checkpoints = null) => new()
    {
        Steps = steps,
        LearningRate = 1e-2,
        TensorBoardFolder = folder,
        CheckpointFolder = checkpoints,
        PackCapacity = 40,
        DevicePeakFlops = 1e12,
    };

    [Fact]
    public async Task TrainAsync_ARun_WritesWhatItReports()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        TrainingRun run = await TrainingRun.Of(model, Options(folder["runs/1"], 5), Packs);

        List<Event> events = EventFileReader.Read(Assert.Single(Directory.GetFiles(folder["runs/1"], "events.out.tfevents.*")));
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([1L], EventFileReader.Restarts(events));
        double now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        Assert.All(events, e => Assert.InRange(e.WallTime, now - 600, now + 60));
        Compare("train/loss", p => p.Loss);
        Compare("train/gradient_norm", p => p.GradientNorm);
        Compare("train/learning_rate", p => p.LearningRate);
        Compare("train/tokens", p => p.Tokens);
        Compare("train/fill_rate", p => p.FillRate!.Value);
        Compare("train/target_share", p => p.TargetShare);
        Compare("speed/tokens_per_second", p => p.RecentTokensPerSecond);
        Compare("speed/model_flop_utilization", p => p.ModelFlopUtilization!.Value);
        Compare("memory/peak_gib", p => p.PeakMemoryBytes / (double)(1 << 30));
        Assert.Empty(EventFileReader.Scalars(events, "memory/device_peak_gib")); // no GPU, so none made up

        void Compare(string tag, Func<TrainingProgress, double> value) =>
            Assert.Equal(run.Progress.Select(p => ((long)p.Step, (float)value(p))), EventFileReader.Scalars(events, tag));
    }

    [Fact]
    public async Task TrainAsync_Resumed_AddsAFileAndLeavesTheFirst()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder["log"], 3, folder["run"]), Packs);
        string first = Assert.Single(Directory.GetFiles(folder["log"]));
        byte[] before = await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken);
        await TrainingRun.Of(model, Options(folder["log"], 5, folder["run"]), TrainingRun.InTurn(Packs), resume: TrainingCheckpoint.FindLatest(folder["run"]));

        string[] files = [.. Directory.GetFiles(folder["log"]).Order(StringComparer.Ordinal)];
        Assert.Equal(2, files.Length);
        Assert.Equal(first, files[0]); // TensorBoard reads by name
        Assert.Equal(before, await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken));
        List<Event> second = EventFileReader.Read(files[1]);
        Assert.Equal([4L], EventFileReader.Restarts(second));
        Assert.Equal([4L, 5L], EventFileReader.Scalars(second, "train/loss").Select(scalar => scalar.Step));
    }

    [Fact]
    public void Report_BeforeAnyFlush_IsInTheFileAlready()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var log = new TensorBoardLog(folder.Path, firstStep: 7);
        log.Report(Progress(7, 1.5));
        Assert.Equal([(7L, 1.5f)], EventFileReader.Scalars(EventFileReader.Read(log.FilePath), "train/loss"));
        log.Report(Progress(8, double.NaN) with { Outcome = StepOutcome.Skipped, SkippedSteps = 1 });
        List<Event> events = EventFileReader.Read(log.FilePath);
        Assert.True(float.IsNaN(EventFileReader.Scalars(events, "train/loss")[1].Value));
        Assert.Equal([(8L, 1f)], EventFileReader.Scalars(events, "train/skipped_steps"));
    }

    [Fact]
    public void Report_RolledBack_TellsFromWhichStepOnThingsComeAgain()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var log = new TensorBoardLog(folder.Path);
        for (int step = 1; step <= 4; step++) log.Report(Progress(step, step));
        log.Report(Progress(2, 99) with { Outcome = StepOutcome.RolledBack, RollBacks = 1 });
        log.Report(Progress(3, 33) with { RollBacks = 1 });
        List<Event> events = EventFileReader.Read(log.FilePath);
        Assert.Equal([1L, 3L], EventFileReader.Restarts(events));
        Assert.Equal([(1L, 1f), (2L, 2f), (3L, 3f), (4L, 4f), (3L, 33f)], EventFileReader.Scalars(events, "train/loss"));
    }

    [Fact]
    public void Write_FiguresAndEvaluations_KeepNamesValuesAndSteps()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var log = new TensorBoardLog(folder.Path);
        log.Write(long.MaxValue, [KeyValuePair.Create("größe/日本", 0.1), KeyValuePair.Create(new string('x', 300), double.NegativeInfinity)]);
        var result = new EvaluationResult { Values = [KeyValuePair.Create("score@64", 0.25), KeyValuePair.Create("score", 0.5)] };
        log.Report(Progress(9, 1) with { Evaluations = [new EvaluationOutcome("passkey", 9, result, TimeSpan.Zero)] });
        List<Event> events = EventFileReader.Read(log.FilePath);
        Assert.Equal([(long.MaxValue, 0.1f)], EventFileReader.Scalars(events, "größe/日本"));
        Assert.Equal([(long.MaxValue, float.NegativeInfinity)], EventFileReader.Scalars(events, new string('x', 300)));
        Assert.Equal([(9L, 0.25f)], EventFileReader.Scalars(events, "passkey/score@64"));
        Assert.Equal([(9L, 0.5f)], EventFileReader.Scalars(events, "passkey/score"));
    }

    [Fact]
    public void TensorBoardLog_TwoOfOneSecond_HaveFilesOfTheirOwn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TensorBoardLog a = new(folder.Path), b = new(folder.Path);
        Assert.NotEqual(a.FilePath, b.FilePath);
        a.Dispose();
        a.Dispose();
    }

    [Theory]
    [InlineData("", 0u)]
    [InlineData("123456789", 0xE3069283u)]
    public void MaskedChecksum_OfKnownData_IsThePublishedOne(string text, uint crc)
    {
        uint expected = unchecked(((crc >> 15) | (crc << 17)) + 0xa282ead8u);
        Assert.Equal(expected, EventFile.MaskedChecksum(System.Text.Encoding.ASCII.GetBytes(text)));
    }

    [Fact]
    public async Task TrainAsync_FolderThatCannotBe_FailsBeforeTheFirstStep()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["file"], "", TestContext.Current.CancellationToken);
        using CausalLanguageModel model = TinyModels.Create();
        var before = TinyModels.Bytes(model);
        await Assert.ThrowsAnyAsync<IOException>(() => TrainingRun.Of(model, Options(folder["file"], 3), Packs));
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    private static TrainingProgress Progress(int step, double loss) => new()
    {
        Step = step, TotalSteps = 10, Loss = loss, GradientNorm = 1, LearningRate = 1e-3, StepTokens = 5, Tokens = 5L * step, TokensPerSecond = 1,
        Elapsed = TimeSpan.Zero, Remaining = TimeSpan.Zero, MemoryBytes = 1,
    };
}
