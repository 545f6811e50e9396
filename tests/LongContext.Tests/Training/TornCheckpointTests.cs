using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Checkpoints that were damaged after they were written, which ones are kept, and libtorch's generator.</summary>
public sealed class TornCheckpointTests
{
    public static TheoryData<string> Files =>
        ["config.json", "data_state.safetensors", "manifest.json", "model.safetensors", "optimizer.safetensors", "random_state.safetensors", "trainer_state.json"];

    private static TrainerOptions Options(string folder, int keep = 10, bool best = false) => new()
    {
        Steps = 3,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Constant(),
        CheckpointFolder = folder,
        CheckpointEverySteps = 1,
        CheckpointsToKeep = keep,
        KeepBestCheckpoint = best,
    };

    [Fact]
    public async Task Files_OfACheckpoint_AreThoseTestedHere()
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        Assert.Equal(Files.Select(row => row.Data), Directory.GetFiles(folder["checkpoint-000003"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task ResumeLatest_AnyBitFlipped_UsesTheOneBeforeAndSaysSo(string file)
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        string path = folder["checkpoint-000003/" + file];
        byte[] whole = File.ReadAllBytes(path);
        var random = new Random(file.Length);
        // The first and last bits, and some between.
        foreach (long bit in new[] { 0, (whole.Length * 8L) - 1 }.Concat(Enumerable.Range(0, 12).Select(_ => random.NextInt64(whole.Length * 8L))))
        {
            byte[] changed = [.. whole];
            changed[bit / 8] ^= (byte)(1 << (int)(bit % 8));
            File.WriteAllBytes(path, changed);
            // A changed checksum in the manifest shows at the file that it is of.
            AssertFallsBack(folder, file == "manifest.json" ? folder["checkpoint-000003/"] : path);
        }

        File.WriteAllBytes(path, whole);
        AssertUsed(folder, "checkpoint-000003");
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task ResumeLatest_FileTruncatedOrMissing_UsesTheOneBeforeAndSaysSo(string file)
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        string path = folder["checkpoint-000003/" + file];
        byte[] whole = File.ReadAllBytes(path);
        foreach (int length in new[] { whole.Length - 1, whole.Length / 2, 0 })
        {
            File.WriteAllBytes(path, whole[..length]);
            AssertFallsBack(folder, path);
            AssertFindLatestFallsBack(folder, path);
        }

        File.Delete(path);
        AssertFallsBack(folder, path);
        AssertFindLatestFallsBack(folder, path);
    }

    [Fact]
    public async Task ResumeLatest_TwoTorn_UsesTheThirdAndNamesBoth()
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        File.Delete(folder["checkpoint-000003/model.safetensors"]);
        File.Delete(folder["checkpoint-000002/optimizer.safetensors"]);
        ListLogger log = AssertUsed(folder, "checkpoint-000001");
        Assert.Equal(2, log.Warnings.Count);
        Assert.All(log.Warnings, line => Assert.Contains(folder["checkpoint-000001"], line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ResumeLatest_NoneWhole_NamesAllAndChangesNothing()
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        for (int step = 1; step <= 3; step++) File.Delete(folder[$"checkpoint-00000{step}/manifest.json"]);
        using CausalLanguageModel model = TinyModels.Create(seed: 99);
        var before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        string message = Assert.Throws<CheckpointFormatException>(trainer.ResumeLatest).Message;
        for (int step = 1; step <= 3; step++) Assert.Contains(folder[$"checkpoint-00000{step}/manifest.json"], message, StringComparison.Ordinal);
        Assert.Throws<CheckpointFormatException>(() => TrainingCheckpoint.FindLatest(folder.Path));
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
        Assert.Equal(0, trainer.StepsDone);
    }

    [Fact]
    public void ResumeLatest_NothingYet_BeginsAnew()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using LongContextTrainer trainer = new(model, Options(folder["none"])), without = new(model, new TrainerOptions());
        Assert.Null(trainer.ResumeLatest());
        Assert.Throws<InvalidOperationException>(without.ResumeLatest);
    }

    [Fact]
    public async Task Resume_BitFlippedInTheData_IsRefusedAndChangesNothing()
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        string path = folder["checkpoint-000003/model.safetensors"];
        byte[] changed = File.ReadAllBytes(path);
        changed[^5] ^= 4;
        File.WriteAllBytes(path, changed);
        using CausalLanguageModel model = TinyModels.Create(seed: 99);
        var before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        Assert.Contains("model.safetensors has checksum", Assert.Throws<CheckpointFormatException>(() => trainer.Resume(folder["checkpoint-000003"])).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointFormatException>(() => TrainingCheckpoint.Verify(folder["checkpoint-000003"]));
        TrainingCheckpoint.Verify(folder["checkpoint-000002"]);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    [Fact]
    public async Task TrainAsync_TornOnesBetween_AreNeitherCountedNorRemoved()
    {
        using TemporaryFolder folder = await ThreeCheckpoints();
        File.Delete(folder["checkpoint-000002/manifest.json"]);
        Save(folder, 4, null, Options(folder.Path, keep: 2));
        Assert.Equal(["checkpoint-000002", "checkpoint-000003", "checkpoint-000004"], Names(folder));
    }

    [Fact]
    public void Save_KeepBest_KeepsTheLowestMetricBesideTheNewest()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        TrainerOptions options = Options(folder.Path, keep: 1, best: true);
        foreach ((int step, double? metric, string[] expected) in new (int, double?, string[])[]
        {
            (1, null, ["checkpoint-000001"]),
            (2, 3.5, ["checkpoint-000002"]),
            (3, 4.5, ["checkpoint-000002", "checkpoint-000003"]),
            (4, double.NaN, ["checkpoint-000002", "checkpoint-000004"]),
            (5, 2.5, ["checkpoint-000005"]),
            (6, null, ["checkpoint-000005", "checkpoint-000006"]),
            (7, 2.5, ["checkpoint-000007"]), // as good and newer
        })
        {
            Save(folder, step, metric, options);
            Assert.Equal(expected, Names(folder));
            TrainingCheckpoint.Verify(folder[expected[^1]]);
        }

        Assert.Equal(folder["checkpoint-000007"], TrainingCheckpoint.FindBest(folder.Path));
        Save(folder, 8, 9, Options(folder.Path, keep: 1));
        Assert.Equal(["checkpoint-000008"], Names(folder));
        Assert.Null(TrainingCheckpoint.FindBest(folder["nowhere"]));
    }

    [Fact]
    public async Task Resume_LibtorchsGenerator_GoesOnWhereItWas()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        // Other tests draw from the one generator of the process: compared is its state with the file's, read in one go.
        await TrainingRun.Of(model, Options(folder.Path), TrainingRun.InTurn(LongContext.Packing.PackedBatch.Create([TinyModels.Document(8, 1)])));
        using SafetensorsFile file = SafetensorsFile.Open(folder["checkpoint-000003/random_state.safetensors"]);
        byte[] saved = file.GetBytes("cpu").ToArray();
        bool seen = false;
        for (int attempt = 0; attempt < 20 && !seen; attempt++)
        {
            random.manual_seed(attempt);
            RandomState.Restore(file);
            using Tensor state = random.get_rng_state();
            seen = state.bytes.ToArray().AsSpan().SequenceEqual(saved);
        }

        Assert.True(seen);
    }

    private static async Task<TemporaryFolder> ThreeCheckpoints()
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, Options(folder.Path));
        await trainer.TrainAsync(Streams.Packer(), cancellationToken: TestContext.Current.CancellationToken);
        return folder;
    }

    private static void Save(TemporaryFolder folder, int step, double? metric, TrainerOptions options)
    {
        using CausalLanguageModel model = TinyModels.Create();
        using Optimizer optimizer = options.Optimizer.Create(model.TrainableParameters, [], options.Seed);
        TrainingCheckpoint.Save(folder.Path, new TrainingSnapshot(step, model, optimizer, new DataPosition(step, Streams.Packer().Capture()), metric), options);
    }

    private static void AssertFallsBack(TemporaryFolder folder, string damaged)
    {
        ListLogger log = AssertUsed(folder, "checkpoint-000002");
        string warning = Assert.Single(log.Warnings);
        Assert.Contains(damaged, warning, StringComparison.Ordinal);
        Assert.Contains(folder["checkpoint-000002"], warning, StringComparison.Ordinal);
    }

    private static void AssertFindLatestFallsBack(TemporaryFolder folder, string damaged)
    {
        var log = new ListLogger();
        Assert.Equal(folder["checkpoint-000002"], TrainingCheckpoint.FindLatest(folder.Path, log));
        Assert.Contains(damaged, Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    private static ListLogger AssertUsed(TemporaryFolder folder, string checkpoint)
    {
        var log = new ListLogger();
        using CausalLanguageModel model = TinyModels.Create(seed: 99);
        using var trainer = new LongContextTrainer(model, Options(folder.Path), log);
        Assert.Equal(folder[checkpoint], trainer.ResumeLatest());
        Assert.Equal(checkpoint[^1] - '0', trainer.StepsDone);
        using CausalLanguageModel saved = CausalLanguageModel.Load(folder[checkpoint], new ModelLoadOptions { DataType = ScalarType.Float64 });
        TinyModels.AssertSameBytes(TinyModels.Bytes(saved), TinyModels.Bytes(model));
        return log;
    }

    private static IEnumerable<string> Names(TemporaryFolder folder) => Directory.GetFileSystemEntries(folder.Path).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);
}
