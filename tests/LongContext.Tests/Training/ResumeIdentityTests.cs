using System.Text.Json.Nodes;
using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Optimizers;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Checkpoints whose tensors have the names and shapes of another run's: what they mean decides.</summary>
public sealed class ResumeIdentityTests
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    /// <summary>The run's optimizer, another's, and what the refusal must name.</summary>
    public static TheoryData<string, string, string> Others => new()
    {
        { "adamw", "lion", "the optimizer was AdamW, here it is Lion" },
        { "adamw", "adamw8bit of large ones", "the optimizer was AdamW, here it is AdamW8Bit" },
        { "adamw", "adafactor", "the optimizer was AdamW, here it is Adafactor" }, // whose tensors are not there, either
        { "adamw", "adamw beta1", "AdamW.Beta1 was 0.9, here it is 0.8" },
        { "adamw", "adamw beta2", "AdamW.Beta2 was 0.95, here it is 0.999" },
        { "adamw", "adamw nearest", "AdamW.MasterWeights was True, here it is False" },
        { "lion", "lion beta2", "Lion.Beta2 was 0.99, here it is 0.9" },
        { "adafactor mean", "adafactor", "Adafactor.Beta1 was 0.5, here it is none" },
        { "adafactor mean", "adafactor mean scaled", "Adafactor.ScaleByParameter was False, here it is True" },
        { "adafactor", "adafactor exponent", "Adafactor.Beta2Exponent was -0.8, here it is -0.5" },
        { "adamw8bit of large ones", "adamw8bit", "AdamW8Bit.MinimumSize was 100000, here it is 4096" },
    };

    [Theory]
    [MemberData(nameof(Others))]
    public async Task Resume_AnotherOptimizer_IsRefusedAndChangesNothing(string run, string other, string difference)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string checkpoint = await Train(folder.Path, Optimizer(run));
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16, seed: 99);
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options(null, Optimizer(other)));
        Assert.Contains(difference, Assert.Throws<ArgumentException>(() => trainer.Resume(checkpoint)).Message, StringComparison.Ordinal);
        Assert.Equal(0, trainer.StepsDone);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    [Fact]
    public async Task Resume_OtherRatesAndDecay_GoesOn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string checkpoint = await Train(folder.Path, new AdamWOptions());
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16, seed: 99);
        using var trainer = new LongContextTrainer(model, Options(null, new AdamWOptions { WeightDecay = 0.3, Epsilon = 1e-6, StateOnHost = true }) with { LearningRate = 1e-5, MaximumGradientNorm = null });
        trainer.Resume(checkpoint);
        Assert.Equal(2, trainer.StepsDone);
    }

    [Theory]
    [InlineData(0, LossWeighting.PerToken, null)]
    [InlineData(5, LossWeighting.PerToken, "seed was 0, here it is 5")]
    [InlineData(0, LossWeighting.PerSequence, "fingerprint was")]
    public async Task TrainAsync_ResumedOverAnotherList_IsRefused(int seed, LossWeighting weighting, string? difference)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(), other = TinyModels.Create();
        await TrainingRun.Of(model, Options(folder.Path, new AdamWOptions()), List(0, LossWeighting.PerToken));
        using var trainer = new LongContextTrainer(other, Options(null, new AdamWOptions()) with { Steps = 3 });
        trainer.Resume(TrainingCheckpoint.FindLatest(folder.Path)!);
        Task<TrainingResult> run = trainer.TrainAsync(List(seed, weighting), cancellationToken: TestContext.Current.CancellationToken);
        if (difference is null) Assert.Equal(3, (await run).Steps);
        else Assert.Contains(difference, (await Assert.ThrowsAsync<ArgumentException>(() => run)).Message, StringComparison.Ordinal);

        static IPackSource List(int seed, LossWeighting weighting) =>
            PackSource.FromList([PackedBatch.Create([TinyModels.Document(20, 1)], weighting), PackedBatch.Create([TinyModels.Document(30, 3)], weighting)], seed);
    }

    [Fact]
    public async Task Resume_CheckpointThatDoesNotSay_IsTakenAsItIs()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string checkpoint = await TrainAdapter(Base(folder, "base", seed: 5), folder["run"], WeightQuantization.None);
        Change(checkpoint, state => Assert.True(state.Remove("optimizer") && state.Remove("baseWeights")));
        using CausalLanguageModel model = Load(Base(folder, "other", seed: 6), WeightQuantization.None);
        using var trainer = new LongContextTrainer(model, Options(null, new LionOptions()));
        trainer.Resume(checkpoint);
        Assert.Equal(2, trainer.StepsDone);
    }

    [Fact]
    public async Task Resume_InAnotherType_IsRefusedUnlessTheCheckpointDoesNotSay()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        // Without masters the state is the same in both types.
        var optimizer = new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding };
        string checkpoint = await Train(folder.Path, optimizer, ScalarType.Float32);
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16, seed: 99);
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options(null, optimizer));
        string message = Assert.Throws<ArgumentException>(() => trainer.Resume(checkpoint)).Message;
        Assert.All(["in Float32", "in BFloat16", "ModelLoadOptions.DataType"], part => Assert.Contains(part, message, StringComparison.Ordinal));
        Assert.Equal(0, trainer.StepsDone);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));

        Change(checkpoint, state => Assert.True(state.Remove("dataType")));
        trainer.Resume(checkpoint);
        Assert.Equal(2, trainer.StepsDone);
    }

    [Theory]
    [InlineData("""{"name": "AdamW"}""")]
    [InlineData("""{"name": "AdamW", "settings": null}""")]
    [InlineData("""{"name": null, "settings": {}}""")]
    [InlineData("""{"name": "AdamW", "settings": {"Beta1": 0.9}}""")]
    [InlineData("[]")]
    public async Task Resume_OptimizerThatCannotBeRead_NamesTheFile(string optimizer)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string checkpoint = await Train(folder.Path, new AdamWOptions());
        Change(checkpoint, state => state["optimizer"] = JsonNode.Parse(optimizer));
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.BFloat16);
        using var trainer = new LongContextTrainer(model, Options(null, new AdamWOptions()));
        Assert.Contains("trainer_state.json", Assert.Throws<CheckpointFormatException>(() => trainer.Resume(checkpoint)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other", WeightQuantization.None, WeightQuantization.None)]
    [InlineData("base", WeightQuantization.None, WeightQuantization.Nf4)]
    [InlineData("base", WeightQuantization.Nf4, WeightQuantization.Nf4DoubleQuantized)] // of the same codes
    [InlineData("base", WeightQuantization.EightBit, WeightQuantization.Float8)]
    public async Task Resume_AdapterOnOtherWeights_IsRefusedAndChangesNothing(string other, WeightQuantization trained, WeightQuantization loaded)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string checkpoint = await TrainAdapter(Base(folder, "base", seed: 5), folder["run"], trained);
        using CausalLanguageModel model = Load(Base(folder, other, seed: other == "base" ? 5 : 6), loaded), same = Load(folder["base"], trained);
        byte[][] before = [.. model.Adapter!.Tensors.Values.Select(tensor => tensor.bytes.ToArray())];
        using var trainer = new LongContextTrainer(model, Options(null, new AdamWOptions()));
        string message = Assert.Throws<ArgumentException>(() => trainer.Resume(checkpoint)).Message;
        Assert.Contains($"was '{WeightIdentity.OfBase(same, same.Adapter!)}', here it is '{WeightIdentity.OfBase(model, model.Adapter)}'", message, StringComparison.Ordinal);
        Assert.Equal(before, model.Adapter.Tensors.Values.Select(tensor => tensor.bytes.ToArray()));
        using var accepting = new LongContextTrainer(same, Options(null, new AdamWOptions()));
        accepting.Resume(checkpoint);
    }

    [Fact]
    public void OfBase_WeightsThatTheAdapterHasOfItsOwn_DoNotCount()
    {
        var options = new LoraOptions { Rank = 2, ModulesToSave = ["lm_head"] };
        using CausalLanguageModel model = TinyModels.Create(), head = TinyModels.Create(), layer = TinyModels.Create();
        Negate(head.Parameters["lm_head.weight"]);
        Negate(layer.Parameters["model.layers.1.mlp.up_proj.weight"]);
        foreach (CausalLanguageModel each in new[] { model, head, layer }) each.AddAdapter(options, seed: 1);
        string identity = WeightIdentity.OfBase(model, model.Adapter!);
        Assert.Equal(identity, WeightIdentity.OfBase(head, head.Adapter!));
        Assert.NotEqual(identity, WeightIdentity.OfBase(layer, layer.Adapter!));
    }

    private static void Negate(Tensor weight)
    {
        using var noGradient = no_grad();
        using DisposeScope scope = NewDisposeScope();
        weight.neg_();
    }

    private static OptimizerOptions Optimizer(string name) => name switch
    {
        "adamw" => new AdamWOptions(),
        "adamw beta1" => new AdamWOptions { Beta1 = 0.8 },
        "adamw beta2" => new AdamWOptions { Beta2 = 0.999 },
        "adamw nearest" => new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.Nearest },
        "adamw8bit" => new AdamW8BitOptions(),
        "adamw8bit of large ones" => new AdamW8BitOptions { MinimumSize = 100_000 },
        "lion" => new LionOptions(),
        "lion beta2" => new LionOptions { Beta2 = 0.9 },
        "adafactor" => new AdafactorOptions(),
        "adafactor mean" => new AdafactorOptions { Beta1 = 0.5 },
        "adafactor mean scaled" => new AdafactorOptions { Beta1 = 0.5, ScaleByParameter = true },
        "adafactor exponent" => new AdafactorOptions { Beta2Exponent = -0.5 },
        _ => throw new ArgumentException(name),
    };

    private static TrainerOptions Options(string? folder, OptimizerOptions optimizer) => new() { Steps = 2, LearningRate = 1e-3, Optimizer = optimizer, CheckpointFolder = folder };

    private static async Task<string> Train(string folder, OptimizerOptions optimizer, ScalarType type = ScalarType.BFloat16)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: type);
        await TrainingRun.Of(model, Options(folder, optimizer), Packs);
        return TrainingCheckpoint.FindLatest(folder)!;
    }

    private static async Task<string> TrainAdapter(string baseFolder, string folder, WeightQuantization quantization)
    {
        using CausalLanguageModel model = Load(baseFolder, quantization);
        await TrainingRun.Of(model, Options(folder, new AdamWOptions()), Packs);
        return TrainingCheckpoint.FindLatest(folder)!;
    }

    private static string Base(TemporaryFolder folder, string name, int seed)
    {
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32, seed: seed);
        model.Save(folder[name]);
        return folder[name];
    }

    private static CausalLanguageModel Load(string folder, WeightQuantization quantization)
    {
        CausalLanguageModel model = CausalLanguageModel.Load(folder, new ModelLoadOptions { WeightQuantization = quantization });
        model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        return model;
    }

    private static void Change(string checkpoint, Action<JsonObject> change)
    {
        string path = Path.Combine(checkpoint, "trainer_state.json");
        JsonObject state = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
        change(state);
        File.WriteAllText(path, state.ToJsonString());
        FolderManifest.Write(checkpoint);
    }
}
