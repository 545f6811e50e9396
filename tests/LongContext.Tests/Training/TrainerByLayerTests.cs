using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Guarding;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>Gradients applied layer by layer: the same run as applied all at once, and always on whole steps.</summary>
public sealed class TrainerByLayerTests
{
    private const int LayerCount = 2;

    private static readonly PackedBatch[] Packs =
    [
        PackedBatch.Create([TinyModels.Document(20, 1), TinyModels.Document(1, 2), TinyModels.Document(5, 2)], LossWeighting.PerSequence),
        PackedBatch.Create([TinyModels.Document(30, 3)]),
        PackedBatch.Create([TinyModels.Document(2, 4)]),
    ];

    private static TrainerOptions Options(bool byLayer, int steps = 6, string? folder = null, GuardAction nonFinite = GuardAction.Stop) => new()
    {
        Steps = steps,
        LearningRate = 1e-2,
        Schedule = LearningRateSchedule.Linear(),
        MaximumGradientNorm = null,
        AppliesGradientsByLayer = byLayer,
        CheckpointFolder = folder,
        CheckpointEverySteps = folder is null ? null : 1,
        CheckpointsToKeep = 20,
        Guard = new TrainingGuardOptions { NonFinite = nonFinite },
    };

    [Theory]
    [InlineData(ScalarType.Float64, false, false)]
    [InlineData(ScalarType.Float32, true, false)]
    [InlineData(ScalarType.BFloat16, true, false)]
    [InlineData(ScalarType.BFloat16, false, true)]
    public async Task TrainAsync_ByLayer_GivesTheWeightsOfAtOnceToTheBit(ScalarType dataType, bool tied, bool adapter)
    {
        using CausalLanguageModel atOnce = TinyModels.Create(dataType: dataType, tied: tied), byLayer = TinyModels.Create(dataType: dataType, tied: tied);
        if (adapter)
        {
            foreach (CausalLanguageModel model in new[] { atOnce, byLayer })
                model.AddAdapter(new LoraOptions { Rank = 4, Dropout = 0.1, TargetModules = ["q_proj", "down_proj", "embed_tokens", "lm_head"] }, seed: 3);
        }

        Dictionary<string, byte[]> before = Trained(byLayer);
        TrainingRun expected = await TrainingRun.Of(atOnce, Options(byLayer: false), Packs), actual = await TrainingRun.Of(byLayer, Options(byLayer: true), Packs);
        Assert.Equal(expected.Losses, actual.Losses);
        for (int i = 0; i < expected.Progress.Count; i++) Assert.Equal(expected.Progress[i].GradientNorm, actual.Progress[i].GradientNorm, 1e-9 * expected.Progress[i].GradientNorm);
        TinyModels.AssertSameBytes(Trained(atOnce), Trained(byLayer));
        Assert.Contains(before, each => !each.Value.AsSpan().SequenceEqual(Trained(byLayer)[each.Key]));
    }

    [Theory]
    [InlineData(1, 2)] // in the forward of the third step: it is dropped
    [InlineData(2, 2)]
    [InlineData(3, 3)] // in its backward, the head is applied already: it is carried to its end
    [InlineData(4, 3)]
    public async Task TrainAsync_ByLayerCancelledInMidStep_KeepsAndSavesAWholeStep(int callOfTheStep, int expectedSteps)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var kernel = new KernelWithEvents { BeforeCall = call => { if (call == (2 * 2 * LayerCount) + callOfTheStep) cancellation.Cancel(); } };
        using CausalLanguageModel model = Create(kernel);
        using var trainer = new LongContextTrainer(model, WithoutKeeping(Options(true, folder: folder.Path)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: cancellation.Token));
        Assert.Equal(expectedSteps, trainer.StepsDone);
        using CausalLanguageModel whole = Create();
        using (var other = new LongContextTrainer(whole, Options(true)))
        {
            using var stop = new CancellationTokenSource();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => other.TrainAsync(
                TrainingRun.InTurn(Packs), new TrainingRun.Listener(progress => { if (progress.Step == expectedSteps) stop.Cancel(); }), stop.Token));
        }

        AssertLeftAlone(model, TinyModels.Bytes(whole));
        using CausalLanguageModel saved = CausalLanguageModel.Load(TrainingCheckpoint.FindLatest(folder.Path)!);
        TinyModels.AssertSameBytes(TinyModels.Bytes(whole), TinyModels.Bytes(saved));

        await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        using CausalLanguageModel straight = Create();
        await TrainingRun.Of(straight, Options(true), Packs);
        AssertLeftAlone(model, TinyModels.Bytes(straight));
    }

    [Theory]
    [InlineData(false)] // the loss
    [InlineData(true)] // a gradient, when the head is applied already
    public async Task TrainAsync_ByLayerNotFinite_GoesBackToWholeSteps(bool onlyTheGradient)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        // The third step's last layer, forward or in the backward again.
        int bad = (2 * 2 * LayerCount) + (onlyTheGradient ? LayerCount + 1 : LayerCount);
        var kernel = new KernelWithEvents { Change = (call, q, output) => call != bad ? output : onlyTheGradient ? output.Plus(q.Times(0).sqrt()) : output.Times(double.NaN) };
        using CausalLanguageModel model = Create(kernel), without = Create();
        TrainingRun run = await TrainingRun.Of(model, WithoutKeeping(Options(true, 4, folder.Path, GuardAction.RollBack)), Packs);
        Assert.Equal([1, 2, 2, 3, 4], run.Progress.Select(progress => progress.Step));
        Assert.Equal(1, run.Result.RollBacks);
        await TrainingRun.Of(without, Options(true, 4), Packs[0], Packs[1], Packs[0], Packs[1]);
        AssertLeftAlone(model, TinyModels.Bytes(without));
    }

    [Fact]
    public async Task TrainAsync_ByLayerLossIsNotFinite_StopsAndChangesNothing()
    {
        var kernel = new KernelWithEvents { Change = (_, _, output) => output.Times(double.NaN) };
        using CausalLanguageModel model = Create(kernel);
        Dictionary<string, byte[]> before = TinyModels.Bytes(model);
        await Assert.ThrowsAsync<NonFiniteLossException>(() => TrainingRun.Of(model, Options(true), Packs));
        AssertLeftAlone(model, before);
    }

    [Fact]
    public async Task TrainAsync_ByLayerGradientIsNotFinite_SaysThatTheWeightsAreNoWholeSteps()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        var kernel = new KernelWithEvents { Change = (call, q, output) => call == (2 * LayerCount) + LayerCount + 1 ? output.Plus(q.Times(0).sqrt()) : output };
        using CausalLanguageModel model = Create(kernel);
        using var trainer = new LongContextTrainer(model, WithoutKeeping(Options(true, folder: folder.Path)));
        NonFiniteLossException e = await Assert.ThrowsAsync<NonFiniteLossException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs)));
        Assert.Contains("partly applied", e.Message, StringComparison.Ordinal);
        Assert.Equal((2, 1), (e.Step, trainer.StepsDone));
        Assert.Equal(folder["checkpoint-000001"], TrainingCheckpoint.FindLatest(folder.Path)); // and not of the half step

        trainer.ResumeLatest();
        kernel.Change = (_, _, output) => output;
        await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        using CausalLanguageModel straight = Create();
        await TrainingRun.Of(straight, Options(true), Packs);
        AssertLeftAlone(model, TinyModels.Bytes(straight));
    }

    [Fact]
    public async Task Resume_ByLayer_GoesOnAsIfNeverStopped()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = Create(), other = TinyModels.Create(seed: 99);
        TrainingRun whole = await TrainingRun.Of(straight, Options(true, folder: folder.Path), Packs);
        TrainingRun rest = await TrainingRun.Of(other, Options(true, folder: folder["rest"]), TrainingRun.InTurn(Packs), resume: folder["checkpoint-000002"]);
        Assert.Equal(whole.Losses[2..], rest.Losses);
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
    }

    /// <summary>Layers computed again, so that attention's calls are forward and backward in turn.</summary>
    private static TrainerOptions WithoutKeeping(TrainerOptions options) => new()
    {
        Steps = options.Steps,
        LearningRate = options.LearningRate,
        Schedule = options.Schedule,
        MaximumGradientNorm = null,
        AppliesGradientsByLayer = true,
        CheckpointFolder = options.CheckpointFolder,
        CheckpointEverySteps = options.CheckpointEverySteps,
        CheckpointsToKeep = 20,
        Guard = options.Guard,
        Activations = ActivationPolicy.RecomputeLayers,
    };

    private static CausalLanguageModel Create(KernelWithEvents? kernel = null) => CausalLanguageModel.Create(
        TinyModels.Config(), seed: 5, new ModelLoadOptions { DataType = ScalarType.Float64, AttentionKernel = kernel });

    private static Dictionary<string, byte[]> Trained(CausalLanguageModel model) =>
        model.TrainableParameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.bytes.ToArray());

    private static void AssertLeftAlone(CausalLanguageModel model, Dictionary<string, byte[]> expected)
    {
        TinyModels.AssertSameBytes(expected, TinyModels.Bytes(model));
        Assert.All(model.Parameters.All, parameter => Assert.False(parameter.Trains));
        Assert.All(model.Parameters.All, parameter => Assert.Null(parameter.Gradient));
    }
}
