using System.Text.Json;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training;

/// <summary>The run recorded from PyTorch and transformers, repeated (tests/Fixtures/hf/training).</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Training)]
public sealed class TrainingFixtureTests
{
    private static string Folder => Path.Combine(TestPaths.Fixtures, "hf", "training");

    [Fact]
    public async Task TrainAsync_RecordedRun_GivesItsLossesAndLearningRates()
    {
        Assert.SkipUnless(Directory.Exists(Folder), $"no case under {Folder}");
        using JsonDocument curve = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(Folder, "curve.json"), TestContext.Current.CancellationToken));
        JsonElement settings = curve.RootElement;
        int steps = settings.GetProperty("steps").GetInt32(), accumulation = settings.GetProperty("accumulation").GetInt32();
        Assert.Equal("cosine", settings.GetProperty("scheduler").GetString());
        using CausalLanguageModel model = CausalLanguageModel.Load(Path.Combine(Folder, "initial"));
        using var trainer = new LongContextTrainer(model, new TrainerOptions
        {
            Steps = steps,
            GradientAccumulationSteps = accumulation,
            LearningRate = settings.GetProperty("lr").GetDouble(),
            Schedule = LearningRateSchedule.Cosine(settings.GetProperty("warmup").GetInt32()),
            MaximumGradientNorm = settings.GetProperty("clip").GetDouble(),
            Optimizer = new AdamWOptions
            {
                Beta1 = settings.GetProperty("betas")[0].GetDouble(),
                Beta2 = settings.GetProperty("betas")[1].GetDouble(),
                Epsilon = settings.GetProperty("eps").GetDouble(),
                WeightDecay = settings.GetProperty("weight_decay").GetDouble(),
            },
        });
        var seen = new List<TrainingProgress>();

        await trainer.TrainAsync(PackSource.FromList(ReadPacks(), seed: null), new Listener(seen.Add), TestContext.Current.CancellationToken);

        Assert.Equal(steps, seen.Count);
        for (int step = 0; step < steps; step++)
        {
            Assert.Equal(settings.GetProperty("learning_rate")[step].GetDouble(), seen[step].LearningRate);
            Assert.Equal(1, seen[step].Loss / settings.GetProperty("loss")[step].GetDouble(), 1e-4);
            Assert.Equal(1, seen[step].GradientNorm / settings.GetProperty("grad_norm")[step].GetDouble(), 1e-3);
        }

        using CausalLanguageModel final = CausalLanguageModel.Load(Path.Combine(Folder, "final"));
        foreach ((string name, TorchSharp.torch.Tensor parameter) in model.Parameters)
        {
            using var scope = TorchSharp.torch.NewDisposeScope();
            using var difference = parameter.Minus(final.Parameters[name]);
            Assert.True(difference.norm().item<float>() <= 1e-3 * final.Parameters[name].norm().item<float>(), $"{name} differs from the recorded final weights");
        }
    }

    /// <summary>Each row of a micro-batch is a document; a row's padding is not a target and is left away.</summary>
    private static List<PackedBatch> ReadPacks()
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder, "data.safetensors"));
        int[] shape = [.. file.Tensors["data"].Shape.Select(size => (int)size)];
        long[] data = file.ReadArray<long>("data"), labels = file.ReadArray<long>("labels");
        var packs = new List<PackedBatch>();
        for (int micro = 0; micro < shape[0]; micro++)
        {
            var documents = new List<TokenSequence>();
            for (int row = 0; row < shape[1]; row++)
            {
                int start = (micro * shape[1] + row) * shape[2];
                int[] tokens = [.. data.Skip(start).Take(shape[2]).Select(id => (int)id)];
                bool[] mask = [.. labels.Skip(start).Take(shape[2]).Select(label => label != PackedBatch.Ignored)];
                for (int t = 0; t < tokens.Length; t++) Assert.True(!mask[t] || labels[start + t] == tokens[t]);
                documents.Add(new TokenSequence(tokens, mask));
            }

            packs.Add(PackedBatch.Create(documents));
        }

        return packs;
    }

    private sealed class Listener(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
