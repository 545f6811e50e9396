using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

public sealed class TrainingCheckpointTests
{
    private static readonly PackedBatch[] Packs = [.. Enumerable.Range(0, 5).Select(i => PackedBatch.Create([TinyModels.Document(12 + i, i), TinyModels.Document(6, 9 + i)]))];

    private static readonly string[] Files = ["config.json", "data_state.safetensors", "manifest.json", "model.safetensors", "optimizer.safetensors", "random_state.safetensors", "trainer_state.json"];

    private static TrainerOptions Options(string folder, int steps = 7, int every = 1, int keep = 10) => new()
    {
        Steps = steps,
        GradientAccumulationSteps = 2,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Cosine(warmupSteps: 2),
        CheckpointFolder = folder,
        CheckpointEverySteps = every,
        CheckpointsToKeep = keep,
        Seed = 4,
    };

    [Theory]
    [InlineData(ScalarType.Float32, 1)]
    [InlineData(ScalarType.Float32, 4)]
    [InlineData(ScalarType.Float64, 3)]
    [InlineData(ScalarType.BFloat16, 3)]
    public async Task Resume_AfterAnyStep_GoesOnAsIfNeverStopped(ScalarType dataType, int stoppedAfter)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = TinyModels.Create(dataType: dataType);
        // A shuffled list: the resumed run must also find its place in the data.
        TrainingRun whole = await TrainingRun.Of(straight, Options(folder["straight"]), PackSource.FromList(Packs, seed: 4));

        using CausalLanguageModel other = TinyModels.Create(dataType: dataType, seed: 1234); // all it knows comes from the checkpoint
        TrainingRun rest = await TrainingRun.Of(
            other, Options(folder["resumed"]), PackSource.FromList(Packs, seed: 4), resume: folder[$"straight/checkpoint-{stoppedAfter:D6}"]);

        Assert.Equal(7, rest.Result.Steps);
        Assert.Equal(whole.Losses[stoppedAfter..], rest.Losses);
        Assert.Equal(whole.Progress.Skip(stoppedAfter).Select(p => (p.Step, p.LearningRate, p.GradientNorm)), rest.Progress.Select(p => (p.Step, p.LearningRate, p.GradientNorm)));
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
        foreach (string file in Files.Except(["manifest.json", "random_state.safetensors"])) // other tests draw from libtorch's generator
            Assert.Equal(File.ReadAllBytes(folder["straight/checkpoint-000007/" + file]), File.ReadAllBytes(folder["resumed/checkpoint-000007/" + file]));
    }

    [Fact]
    public async Task Save_RunThatGoesOnFromACheckpointItRemoves_KeepsTheTokenizersFiles()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using (CausalLanguageModel made = TinyModels.Create()) made.Save(folder["base"]);
        await File.WriteAllTextAsync(folder["base/tokenizer.json"], "as it is", TestContext.Current.CancellationToken);
        using (CausalLanguageModel loaded = CausalLanguageModel.Load(folder["base"])) await TrainingRun.Of(loaded, Options(folder["run"], steps: 1), Packs);

        string first = TrainingCheckpoint.FindLatest(folder["run"])!;
        using CausalLanguageModel model = CausalLanguageModel.Load(Path.GetRelativePath(Environment.CurrentDirectory, first));
        Assert.Equal(first, model.SourceFolder);
        await TrainingRun.Of(model, Options(folder["run"], steps: 6, keep: 2), TrainingRun.InTurn(Packs), resume: first);
        Assert.False(Directory.Exists(first));
        Assert.True(Directory.Exists(model.SourceFolder));
        model.Save(folder["result"]);
        Assert.All(
            (string[])[folder["run/checkpoint-000005"], folder["run/checkpoint-000006"], folder["result"]],
            saved => Assert.Equal("as it is", File.ReadAllText(Path.Combine(saved, "tokenizer.json"))));
    }

    [Fact]
    public async Task Resume_AnotherRunsOptionsOrPositions_IsRefusedAndChangesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        TrainerOptions options = Options(folder.Path);
        await TrainingRun.Of(model, options, Packs);
        string checkpoint = TrainingCheckpoint.FindLatest(folder.Path)!;

        using CausalLanguageModel other = TinyModels.Create(seed: 99), scaled = TinyModels.Create(LongContext.Positions.RopeScaling.Linear(2), seed: 99);
        var before = TinyModels.Bytes(other);
        using var accumulating = new LongContextTrainer(other, new TrainerOptions { GradientAccumulationSteps = options.GradientAccumulationSteps + 1, Seed = options.Seed });
        Assert.Contains("GradientAccumulationSteps", Assert.Throws<ArgumentException>(() => accumulating.Resume(checkpoint)).Message, StringComparison.Ordinal);
        using var seeded = new LongContextTrainer(other, new TrainerOptions { GradientAccumulationSteps = options.GradientAccumulationSteps, Seed = options.Seed + 1 });
        Assert.Contains("Seed", Assert.Throws<ArgumentException>(() => seeded.Resume(checkpoint)).Message, StringComparison.Ordinal);
        using var positioned = new LongContextTrainer(scaled, new TrainerOptions { GradientAccumulationSteps = options.GradientAccumulationSteps, Seed = options.Seed });
        Assert.Contains("have no scaling and base 10000, but this one's have linear scaling by 2 and base 10000", Assert.Throws<ArgumentException>(() => positioned.Resume(checkpoint)).Message, StringComparison.Ordinal);

        // The same frequencies, but another window: longer documents would be let in.
        using CausalLanguageModel wider = CausalLanguageModel.Create(TinyModels.Config() with { MaxPositionEmbeddings = 2 * TinyModels.TrainedWindow }, 99, new ModelLoadOptions { DataType = ScalarType.Float64 });
        using var widened = new LongContextTrainer(wider, new TrainerOptions { GradientAccumulationSteps = options.GradientAccumulationSteps, Seed = options.Seed });
        string message = Assert.Throws<ArgumentException>(() => widened.Resume(checkpoint)).Message;
        Assert.Contains($"a window of {TinyModels.TrainedWindow} tokens (max_position_embeddings), but this model's is {2 * TinyModels.TrainedWindow}", message, StringComparison.Ordinal);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(other));
    }

    [Fact]
    public async Task FindLatest_KilledWhileReplacing_BringsTheEarlierOneBack()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path), Packs);
        string checkpoint = TrainingCheckpoint.FindLatest(folder.Path)!, name = Path.GetFileName(checkpoint);
        // What a process leaves that dies between the two renames.
        foreach (string earlier in Directory.GetDirectories(folder.Path).Where(path => path != checkpoint)) Directory.Delete(earlier, recursive: true);
        Directory.Move(checkpoint, folder[$".partial-{name}.replaced"]);
        Directory.CreateDirectory(folder[$".partial-{name}"]);

        Assert.Equal(checkpoint, TrainingCheckpoint.FindLatest(folder.Path));
        using CausalLanguageModel other = TinyModels.Create(seed: 99);
        using var trainer = new LongContextTrainer(other, Options(folder.Path));
        trainer.Resume(checkpoint);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(other));
    }

    [Fact]
    public async Task Resume_AtTheEnd_HasNothingLeftToDo()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, every: 3), Packs);
        var weights = TinyModels.Bytes(model);
        TrainingRun none = await TrainingRun.Of(model, Options(folder.Path, every: 3), TrainingRun.InTurn(Packs), resume: TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Empty(none.Progress);
        Assert.Equal((7, 0L, (double?)null), (none.Result.Steps, none.Result.Tokens, none.Result.FinalLoss));
        TinyModels.AssertSameBytes(weights, TinyModels.Bytes(model));
        Assert.Equal(["checkpoint-000003", "checkpoint-000006", "checkpoint-000007"], Names(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_ManyCheckpoints_KeepsTheNewest()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, steps: 6, every: 2, keep: 2), Packs);
        Assert.Equal(["checkpoint-000004", "checkpoint-000006"], Names(folder.Path));
        Assert.Equal(folder["checkpoint-000006"], TrainingCheckpoint.FindLatest(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_InAFolderOfALaterRun_KeepsWhatItJustWrote()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["checkpoint-000900"]);
        Directory.CreateDirectory(folder["checkpoint-001000"]);
        Directory.CreateDirectory(folder["checkpoint-final"]);
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, steps: 3, every: 1, keep: 1), Packs);
        Assert.Equal(["checkpoint-000003", "checkpoint-000900", "checkpoint-001000", "checkpoint-final"], Names(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_LeftoversOfACrash_AreNoCheckpointAndGoAway()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder[".partial-checkpoint-000005"]);
        File.WriteAllText(folder[".partial-checkpoint-000005/model.safetensors"], "half");
        Assert.Null(TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Null(TrainingCheckpoint.FindLatest(folder["nowhere"]));
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, steps: 1), Packs);
        Assert.Equal(["checkpoint-000001"], Names(folder.Path));
    }

    [Fact]
    public async Task TrainAsync_CheckpointOfThatStepIsThere_IsReplacedWhole()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Directory.CreateDirectory(folder["checkpoint-000002"]);
        File.WriteAllText(folder["checkpoint-000002/stale.txt"], "of an earlier run");
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, steps: 2), Packs);
        Assert.Equal(["checkpoint-000001", "checkpoint-000002"], Names(folder.Path));
        Assert.Equal(Files, Names(folder["checkpoint-000002"]));
    }

    [Fact]
    public void FindLatest_ManyDigits_GoesByNumber()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        foreach (string name in new[] { "checkpoint-999999", "checkpoint-1000000", "checkpoint-0x", "checkpoint--1", "checkpoint-" })
        {
            Directory.CreateDirectory(folder[name]);
            FolderManifest.Write(folder[name]);
        }

        Assert.Equal(folder["checkpoint-1000000"], TrainingCheckpoint.FindLatest(folder.Path));
    }

    [Theory]
    [InlineData("trainer_state.json", null)]
    [InlineData("trainer_state.json", "")]
    [InlineData("trainer_state.json", "null")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 1, \"step\": ")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 1, \"step\": 1, \"optimizerUpdates\": 1, \"gradientAccumulationSteps\": 1, \"seed\": 0}")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 3, \"step\": 1, \"optimizerUpdates\": 1, \"gradientAccumulationSteps\": 1, \"seed\": 0, \"packs\": 1}")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 2, \"step\": -1, \"optimizerUpdates\": 1, \"gradientAccumulationSteps\": 1, \"seed\": 0, \"packs\": 1}")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 2, \"step\": 1, \"optimizerUpdates\": 1, \"gradientAccumulationSteps\": 1, \"seed\": 0, \"packs\": -1}")]
    [InlineData("trainer_state.json", "{\"formatVersion\": 2, \"step\": \"one\", \"optimizerUpdates\": 1, \"gradientAccumulationSteps\": 1, \"seed\": 0, \"packs\": 1}")]
    [InlineData("data_state.safetensors", null)]
    [InlineData("data_state.safetensors", "damaged")]
    [InlineData("random_state.safetensors", null)]
    [InlineData("random_state.safetensors", "damaged")]
    [InlineData("manifest.json", null)]
    [InlineData("manifest.json", "{}")]
    [InlineData("trainer_state.json", "{}")]
    [InlineData("optimizer.safetensors", null)]
    [InlineData("optimizer.safetensors", "damaged")]
    [InlineData("model.safetensors", null)]
    [InlineData("model.safetensors", "damaged")]
    public async Task Resume_DamagedFile_NamesItAndChangesNothing(string file, string? content)
    {
        using TemporaryFolder folder = await Checkpoint();
        string path = folder["checkpoint-000001/" + file];
        if (content is null) File.Delete(path);
        else File.WriteAllText(path, content);
        AssertRefused(folder["checkpoint-000001"], file);
    }

    [Fact]
    public async Task Resume_OptimizerLacksATensor_NamesItAndChangesNothing()
    {
        using TemporaryFolder folder = await Checkpoint();
        using (CausalLanguageModel model = TinyModels.Create())
        {
            using Optimizer optimizer = new AdamWOptions().Create([.. model.Parameters.All], [], seed: 0);
            SafetensorsWriter.Write(folder["checkpoint-000001/optimizer.safetensors"], [.. optimizer.State().Where(entry => entry.Name != "exp_avg_sq.lm_head.weight")]);
        }

        AssertRefused(folder["checkpoint-000001"], "optimizer.safetensors", "exp_avg_sq.lm_head.weight");
    }

    [Fact]
    public async Task Resume_WeightsOfAnotherShape_NamesTensorAndShapes()
    {
        using TemporaryFolder folder = await Checkpoint();
        ModelCheckpointRewrite(folder["checkpoint-000001"]);
        AssertRefused(folder["checkpoint-000001"], "model.safetensors", "model.norm.weight", "[31]", "[32]");
    }

    [Fact]
    public void Resume_NoCheckpoint_SaysSo()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        AssertRefused(folder["nowhere"], "trainer_state.json", "missing");
        using CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, new TrainerOptions());
        Assert.Throws<ArgumentException>(() => trainer.Resume(""));
    }

    private static async Task<TemporaryFolder> Checkpoint()
    {
        TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, steps: 1), Packs);
        return folder;
    }

    private static void ModelCheckpointRewrite(string folder)
    {
        using var scope = NewDisposeScope();
        List<SafetensorsEntry> entries = [];
        using CausalLanguageModel model = CausalLanguageModel.Load(folder);
        // The last of all: what comes before it must not have been copied either.
        foreach ((string name, Tensor tensor) in model.Parameters)
            entries.Add(SafetensorsTensors.Entry(name, name == "model.norm.weight" ? ones(31, dtype: tensor.dtype) : tensor.clone()));
        CheckpointWriter.Write(folder, entries);
    }

    private static void AssertRefused(string checkpoint, params string[] named)
    {
        using CausalLanguageModel model = TinyModels.Create(seed: 99);
        var before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, new TrainerOptions());
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => trainer.Resume(checkpoint));
        Assert.All(named, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
        Assert.Equal(0, trainer.StepsDone);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    private static IEnumerable<string> Names(string folder) => Directory.GetFileSystemEntries(folder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    [Theory]
    [InlineData(ContextExtensionMethod.Linear)]
    [InlineData(ContextExtensionMethod.NtkAware)]
    [InlineData(ContextExtensionMethod.Yarn)]
    [InlineData(ContextExtensionMethod.Llama3)]
    [InlineData(ContextExtensionMethod.DynamicNtk)]
    public async Task Resume_ExtendedModel_GoesOn(ContextExtensionMethod method)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), other = TinyModels.Create(seed: 99), longer = TinyModels.Create(seed: 99);
        model.ExtendTo(128, method);
        other.ExtendTo(128, method);
        longer.ExtendTo(200, method);
        await TrainingRun.Of(model, Options(folder.Path, steps: 2), Packs);
        string checkpoint = TrainingCheckpoint.FindLatest(folder.Path)!;

        using (var trainer = new LongContextTrainer(other, Options(folder.Path))) trainer.Resume(checkpoint);
        TinyModels.AssertSameBytes(TinyModels.Bytes(model), TinyModels.Bytes(other));

        using var refusing = new LongContextTrainer(longer, Options(folder.Path));
        string message = Assert.Throws<ArgumentException>(() => refusing.Resume(checkpoint)).Message;
        string[] sides = message[..message.IndexOf(": give it", StringComparison.Ordinal)].Split(", but this one's have ");
        Assert.NotEqual(sides[0][(sides[0].IndexOf("positions have ", StringComparison.Ordinal) + "positions have ".Length)..], sides[1]);
        Assert.DoesNotContain("{", message, StringComparison.Ordinal); // words, not records
    }

    [Fact]
    public async Task Resume_UnderAnotherRemapping_IsRefused()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), other = TinyModels.Create(seed: 99);
        model.PositionRemapping = new LongContext.Positions.SelfExtend(2, 8);
        await TrainingRun.Of(model, Options(folder.Path, steps: 2), Packs);
        using var trainer = new LongContextTrainer(other, Options(folder.Path));
        Assert.Contains("SelfExtend", Assert.Throws<ArgumentException>(() => trainer.Resume(TrainingCheckpoint.FindLatest(folder.Path)!)).Message, StringComparison.Ordinal);
        other.PositionRemapping = new LongContext.Positions.SelfExtend(2, 8);
        trainer.Resume(TrainingCheckpoint.FindLatest(folder.Path)!);
    }
}
