using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.TestSupport;
using LongContext.Training;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Checkpoints of runs that train an adapter: the base is not in them.</summary>
public sealed class AdapterCheckpointTests
{
    private static readonly string[] Files =
        ["adapter_config.json", "adapter_model.safetensors", "config.json", "data_state.safetensors", "manifest.json", "optimizer.safetensors", "random_state.safetensors", "trainer_state.json"];

    public static TheoryData<string> Kinds => ["plain", "dropout", "dora and saved modules", "biases", "quantised base"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Resume_AfterAnyStep_GoesOnAsIfNeverStopped(string kind)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = Model(folder, kind);
        straight.AddAdapter(Adapter(kind), seed: 3);
        double[] losses = await Losses(straight, Options(folder["straight"]), resume: null);
        Assert.Equal(Files, Directory.GetFiles(folder["straight/checkpoint-000002"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
        foreach (int stop in new[] { 1, 3 })
        {
            string checkpoint = folder[$"straight/checkpoint-{stop:D6}"];
            using CausalLanguageModel added = Model(folder, kind), loaded = Model(folder, kind);
            added.AddAdapter(Adapter(kind), seed: 99); // all it knows comes from the checkpoint
            LoraAdapter.Load(checkpoint, loaded);
            foreach (CausalLanguageModel other in new[] { added, loaded })
            {
                Assert.Equal(losses[stop..], await Losses(other, Options(folder[$"resumed-{stop}-{other == added}"]), checkpoint));
                foreach ((string name, Tensor tensor) in straight.Adapter!.Tensors)
                    Assert.True(tensor.bytes.ToArray().AsSpan().SequenceEqual(other.Adapter!.Tensors[name].bytes.ToArray()), $"{name} differs");
            }
        }
    }

    [Fact]
    public async Task Resume_WithoutTheAdapterOrWithAnother_IsRefusedAndChangesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = Model(folder, "plain"), bare = Model(folder, "plain"), other = Model(folder, "plain");
        await Losses(bare, Options(folder["whole"]), resume: null);
        model.AddAdapter(Adapter("plain"), seed: 3);
        await Losses(model, Options(folder["adapter"]), resume: null);
        other.AddAdapter(new LoraOptions { Rank = 4, Alpha = 9 }, seed: 3);
        byte[][] before = [.. other.Adapter!.Tensors.Values.Select(tensor => tensor.bytes.ToArray())];

        Assert.Contains("AddAdapter", Refused<CheckpointFormatException>(bare, folder["adapter/checkpoint-000001"]), StringComparison.Ordinal);
        Assert.Contains("trained all weights", Refused<CheckpointFormatException>(model, folder["whole/checkpoint-000001"]), StringComparison.Ordinal);
        Assert.Contains("lora_alpha was 16, here it is 9", Refused<ArgumentException>(other, folder["adapter/checkpoint-000001"]), StringComparison.Ordinal);
        Assert.Equal(before, other.Adapter!.Tensors.Values.Select(tensor => tensor.bytes.ToArray()));
        other.RemoveAdapter();
        other.AddAdapter(new LoraOptions { Rank = 2, Alpha = 16 });
        Assert.Contains("r was 4, here it is 2", Refused<ArgumentException>(other, folder["adapter/checkpoint-000001"]), StringComparison.Ordinal);
    }

    private static LoraOptions Adapter(string kind) => kind switch
    {
        "dropout" => new LoraOptions { Rank = 4, Alpha = 16, Dropout = 0.2 },
        "dora and saved modules" => new LoraOptions { Rank = 4, Alpha = 16, WeightDecomposed = true, ModulesToSave = ["lm_head"] },
        "biases" => new LoraOptions { Rank = 4, Alpha = 16, OutputBias = true },
        _ => new LoraOptions { Rank = 4, Alpha = 16 },
    };

    private static CausalLanguageModel Model(TemporaryFolder folder, string kind)
    {
        if (!Directory.Exists(folder["base"]))
        {
            using CausalLanguageModel made = TinyModels.Create(dataType: ScalarType.Float32);
            made.Save(folder["base"]);
        }

        return CausalLanguageModel.Load(folder["base"], new ModelLoadOptions { WeightQuantization = kind == "quantised base" ? WeightQuantization.Nf4 : WeightQuantization.None });
    }

    private static TrainerOptions Options(string folder) => new()
    {
        Steps = 5,
        GradientAccumulationSteps = 2,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Constant(),
        CheckpointFolder = folder,
        CheckpointEverySteps = 1,
        CheckpointsToKeep = 10,
    };

    private static async Task<double[]> Losses(CausalLanguageModel model, TrainerOptions options, string? resume)
    {
        using var trainer = new LongContextTrainer(model, options);
        if (resume is not null) trainer.Resume(resume);
        List<double> losses = [];
        await trainer.TrainAsync(Streams.Packer(), new TrainingRun.Listener(progress => losses.Add(progress.Loss)), TestContext.Current.CancellationToken);
        return [.. losses];
    }

    private static string Refused<TException>(CausalLanguageModel model, string checkpoint)
        where TException : Exception
    {
        using var trainer = new LongContextTrainer(model, Options(checkpoint));
        return Assert.Throws<TException>(() => trainer.Resume(checkpoint)).Message;
    }
}
