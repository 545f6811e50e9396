using System.Diagnostics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tests.Training.Monitoring;
using LongContext.TestSupport;
using LongContext.Training;
using Microsoft.Extensions.Logging;

namespace LongContext.Tests.Training;

/// <summary>Saving onto a disk that is too small: a tmpfs of its own, where this machine lets the tests mount one.</summary>
public sealed class DiskFullTests
{
    private static readonly PackedBatch Pack = PackedBatch.Create([TinyModels.Document(20, 1)]);

    [Fact]
    public async Task TrainAsync_DiskFullWhileSaving_KeepsTheEarlierCheckpointAndNamesThePath()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        // A checkpoint is three times the weights (weights and two moments); the disk holds one, and half of the second.
        long checkpointBytes = model.Parameters.ElementCount * 8 * 3;
        using SmallDisk disk = SmallDisk.Mount(folder["disk"], checkpointBytes * 3 / 2);
        string checkpoints = Path.Combine(folder["disk"], "checkpoints");
        var options = new TrainerOptions { Steps = 4, CheckpointFolder = checkpoints, CheckpointEverySteps = 2 };

        IOException e = await Assert.ThrowsAsync<IOException>(() => TrainingRun.Of(model, options, Pack));

        Assert.Contains(checkpoints, e.Message, StringComparison.Ordinal);
        Assert.Equal([Path.Combine(checkpoints, "checkpoint-000002")], Directory.GetFileSystemEntries(checkpoints));
        // The one that is there is whole: a run that goes on from it ends where one without a disk ends.
        using CausalLanguageModel resumed = TinyModels.Create(seed: 77), straight = TinyModels.Create();
        await TrainingRun.Of(resumed, new TrainerOptions { Steps = 4 }, TrainingRun.InTurn(Pack), resume: TrainingCheckpoint.FindLatest(checkpoints));
        await TrainingRun.Of(straight, new TrainerOptions { Steps = 4 }, Pack);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(resumed));
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
    }

    [Fact]
    public async Task TrainAsync_DiskOfTheEventFilesFull_SaysSoAndTrainsOn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), straight = TinyModels.Create();
        using SmallDisk disk = SmallDisk.Mount(folder["disk"], 8192);
        var logger = new Warnings();
        using (var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 40, TensorBoardFolder = Path.Combine(folder["disk"], "log") }, logger))
            await trainer.TrainAsync(TrainingRun.InTurn(Pack));

        await TrainingRun.Of(straight, new TrainerOptions { Steps = 40 }, Pack);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(model));
        Assert.Contains("event files end here", Assert.Single(logger.Messages), StringComparison.Ordinal);
        // What was written before is whole.
        List<Tensorboard.Event> events = EventFileReader.Read(Assert.Single(Directory.GetFiles(Path.Combine(folder["disk"], "log"))));
        Assert.InRange(EventFileReader.Scalars(events, "train/loss").Count, 1, 39);
    }

    [Fact]
    public void Save_DiskFull_KeepsTheEarlierModelAndNamesThePath()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel first = TinyModels.Create(seed: 1), second = TinyModels.Create(seed: 2);
        using SmallDisk disk = SmallDisk.Mount(folder["disk"], first.Parameters.ElementCount * 8 * 3 / 2);
        string target = Path.Combine(folder["disk"], "model");
        first.Save(target);

        foreach (long shardBytes in new[] { 5_000_000_000, 20_000 })
        {
            IOException e = Assert.Throws<IOException>(() => second.Save(target, shardBytes));
            Assert.Contains(target, e.Message, StringComparison.Ordinal);
            Assert.Equal(["config.json", "model.safetensors"], Directory.GetFiles(target).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
            using CausalLanguageModel again = CausalLanguageModel.Load(target);
            TinyModels.AssertSameBytes(TinyModels.Bytes(first), TinyModels.Bytes(again));
        }
    }

    private sealed class Warnings : ILogger<LongContextTrainer>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning) Messages.Add(formatter(state, exception));
        }
    }

    private sealed class SmallDisk : IDisposable
    {
        private readonly string path;

        private SmallDisk(string path) => this.path = path;

        public static SmallDisk Mount(string path, long bytes)
        {
            Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "needs Linux and the right to mount a small disk (root)");
            Directory.CreateDirectory(path);
            string? fault = Run("mount", "-t", "tmpfs", "-o", FormattableString.Invariant($"size={bytes}"), "tmpfs", path);
            Assert.SkipUnless(fault is null, $"a small disk cannot be mounted here: {fault}");
            return new SmallDisk(path);
        }

        public void Dispose() => Run("umount", path);

        /// <summary>Null when it went well, else what it said.</summary>
        private static string? Run(string program, params string[] arguments)
        {
            try
            {
                using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                string said = process.StandardError.ReadToEnd();
                process.WaitForExit();
                return process.ExitCode == 0 ? null : said.Trim();
            }
            catch (System.ComponentModel.Win32Exception e)
            {
                return e.Message;
            }
        }
    }
}
