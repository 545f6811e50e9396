using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Guarding;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Gradients applied layer by layer.</summary>
public sealed class LayerwiseUpdateTests
{
    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(5, 2)]),
        PackedBatch.Create([TinyModels.Document(30, 3)], LossWeighting.PerSequence),
    ];

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task TrainAsync_ByLayer_IsTheRunAtOnceToTheBit(bool tied, bool adapter)
    {
        (double[] losses, double[] norms, var weights) = await Run(tied, adapter, byLayer: false);
        (double[] layerLosses, double[] layerNorms, var layerWeights) = await Run(tied, adapter, byLayer: true);
        Assert.Equal(losses, layerLosses);
        for (int i = 0; i < norms.Length; i++) Assert.Equal(1, layerNorms[i] / norms[i], 1e-12);
        TinyModels.AssertSameBytes(weights, layerWeights);
    }

    [Fact]
    public async Task TrainAsync_ByLayerWithALossThatIsNotFinite_ChangesNothing()
    {
        using CausalLanguageModel model = TinyModels.Create();
        TinyModels.SetValue(model.Parameters["model.norm.weight"], 3, double.NaN);
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        using var trainer = new LongContextTrainer(model, Options(byLayer: true));
        await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken));
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
        Assert.All(model.Parameters.All, parameter => Assert.Null(parameter.Gradient));
    }

    /// <summary>A gradient that overflows in the lowest layer, when those above are applied already.</summary>
    [Theory]
    [InlineData(GuardAction.Stop)]
    [InlineData(GuardAction.RollBack)]
    public async Task TrainAsync_ByLayerWithAGradientThatIsNotFinite_GoesBackOrSaysWhatIsChanged(GuardAction action)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        using (no_grad())
        {
            // What is read times 1e37, and projections that undo it: finite forwards, but the projections' gradients are 1e37 times as large.
            model.Parameters["model.layers.0.input_layernorm.weight"].MultiplyInPlace(1e37);
            foreach (string name in new[] { "q", "k", "v" }) model.Parameters[$"model.layers.0.self_attn.{name}_proj.weight"].MultiplyInPlace(1e-37);
        }

        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        var options = new TrainerOptions
        {
            Steps = 9,
            AppliesGradientsByLayer = true,
            MaximumGradientNorm = null,
            CheckpointFolder = folder.Path,
            Guard = new TrainingGuardOptions { NonFinite = action, MaximumRollBacks = 2 },
        };
        using var trainer = new LongContextTrainer(model, options);
        NonFiniteLossException fault = await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("gradient norm", fault.Message, StringComparison.Ordinal);
        Assert.Contains("partly applied", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("was not applied", fault.Message, StringComparison.Ordinal);
        Assert.False(before["lm_head.weight"].AsSpan().SequenceEqual(TinyModels.Bytes(model)["lm_head.weight"]));
        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Resume", refusal.Message, StringComparison.Ordinal);
        if (action != GuardAction.RollBack) return;
        trainer.Resume(TrainingCheckpoint.FindLatest(folder.Path)!);
        TinyModels.AssertSameBytes(before, TinyModels.Bytes(model));
    }

    [Fact]
    public void Options_ThatNeedAllGradients_AreRefused()
    {
        using CausalLanguageModel model = TinyModels.Create();
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions
        {
            AppliesGradientsByLayer = true,
            GradientAccumulationSteps = 2,
            MaximumGradientNorm = 1,
            Guard = new TrainingGuardOptions { NonFinite = GuardAction.SkipStep },
        }));
        foreach (string part in new[] { "GradientAccumulationSteps", "MaximumGradientNorm", "Guard.NonFinite" }) Assert.Contains(part, fault.Message, StringComparison.Ordinal);
    }

    private static TrainerOptions Options(bool byLayer) => new() { Steps = 6, LearningRate = 3e-3, AppliesGradientsByLayer = byLayer, MaximumGradientNorm = null };

    private static async Task<(double[] Losses, double[] Norms, Dictionary<string, byte[]> Weights)> Run(bool tied, bool adapter, bool byLayer)
    {
        using CausalLanguageModel model = TinyModels.Create(tied: tied);
        if (adapter) model.AddAdapter(new LoraOptions { Rank = 3, Dropout = 0.2, ModulesToSave = ["lm_head"] }, seed: 1);
        TrainingRun run = await TrainingRun.Of(model, Options(byLayer), Packs);
        var weights = model.TrainableParameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.bytes.ToArray());
        return (run.Losses, [.. run.Progress.Select(progress => progress.GradientNorm)], weights);
    }
}
