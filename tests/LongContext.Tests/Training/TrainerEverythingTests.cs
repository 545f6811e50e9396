using LongContext.Adapters;
using LongContext.Data;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>All parts of a run at once: adapter with dropout, stream, guards, evaluations, the best checkpoint, and stops at any time.</summary>
public sealed class TrainerEverythingTests
{
    private const int Steps = 12;

    private static readonly PackedBatch[] HeldOut = [BadToken.GoodPack(7, 20)];

    /// <summary>Two sources, one endless; three documents of the other are bad.</summary>
    private static StreamingPacker Packs() => new(
        DataSource.Mixture<TokenSequence>(
        [
            new WeightedSource<TokenSequence>(DataSource.FromFunction(i => i is 4 or 13 or 14 ? new TokenSequence(BadToken.Pack((int)i).InputIds) : Good((int)i, 4 + (int)(7 * i % 20))), 1),
            new WeightedSource<TokenSequence>(DataSource.FromList([.. Enumerable.Range(0, 5).Select(i => Good(100 + i, 1 + (6 * i)))], seed: 3, epochs: null), 1),
        ], seed: 4),
        new StreamingPackerOptions { ContextLength = TinyModels.TrainedWindow, WindowDocuments = 6, LossWeighting = LossWeighting.PerSequence, Order = PackOrder.Shuffled });

    private static TokenSequence Good(int seed, int length) => new(BadToken.GoodPack(seed, length).InputIds);

    private static TrainerOptions Options(string folder, GuardAction action, OptimizerOptions optimizer, bool byLayer) => new()
    {
        Steps = Steps,
        LearningRate = 1e-2,
        Optimizer = optimizer,
        AppliesGradientsByLayer = byLayer,
        MaximumGradientNorm = byLayer ? null : 0.5,
        GradientAccumulationSteps = byLayer ? 1 : 2,
        CheckpointFolder = folder,
        // Going back goes to the last checkpoint, and a stop writes one more: with one after each step both runs have the same.
        CheckpointEverySteps = action == GuardAction.RollBack ? 1 : 3,
        KeepBestCheckpoint = true,
        Guard = new TrainingGuardOptions { NonFinite = action, Spike = GuardAction.SkipStep, SpikeWindow = 6, SpikeWarmupSteps = 4 },
        Evaluations = [new LossByPositionEvaluation(HeldOut)],
        EvaluateEverySteps = 2,
        EvaluateAtStart = true,
        Seed = 11,
    };

    public static IEnumerable<TheoryDataRow<string, GuardAction, string, bool>> Runs() =>
    [
        new("lora", GuardAction.SkipStep, "AdamW", false),
        new("lora", GuardAction.RollBack, "Lion", false),
        new("lora", GuardAction.RollBack, "AdamW8Bit", true),
        new("dora", GuardAction.RollBack, "Adafactor", false),
        new("all", GuardAction.RollBack, "Rounding", false),
        new("all", GuardAction.RollBack, "AdamW", true),
    ];

    [Theory, MemberData(nameof(Runs))]
    public async Task Resume_StoppedAgainAndAgain_GoesOnAsIfNeverStopped(string kind, GuardAction action, string optimizerName, bool byLayer)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        OptimizerOptions optimizer = optimizerName switch
        {
            "Lion" => new LionOptions(),
            "AdamW8Bit" => new AdamW8BitOptions(),
            "Adafactor" => new AdafactorOptions(),
            "Rounding" => new AdamWOptions { HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding },
            _ => new AdamWOptions(),
        };
        using CausalLanguageModel straight = Create(kind, seed: 3);
        Dictionary<int, double> expected = [], actual = [];
        await Run(straight, Options(folder["straight"], action, optimizer, byLayer), expected, null, CancellationToken.None);
        Assert.Equal(Steps, expected.Count);

        // Each time at another moment: in a forward, in a backward, in an evaluation, while data is awaited.
        int stops = 0;
        for (int after = 5; ; after += 9)
        {
            using var cancellation = new CancellationTokenSource();
            var kernel = new KernelWithEvents { BeforeCall = call => { if (call == after) cancellation.Cancel(); } };
            using CausalLanguageModel model = Create(kind, seed: stops == 0 ? 3 : 99, kernel);
            try
            {
                await Run(model, Options(folder["stopped"], action, optimizer, byLayer), actual, folder["stopped"], cancellation.Token);
            }
            catch (OperationCanceledException)
            {
                stops++;
                continue;
            }

            Assert.True(stops >= 3, $"stopped {stops} times only");
            Assert.Equal(expected, actual);
            foreach ((Parameter one, Parameter other) in straight.TrainableParameters.Zip(model.TrainableParameters))
                Assert.True(one.Value.bytes.ToArray().AsSpan().SequenceEqual(other.Value.bytes.ToArray()), $"{one.Name} differs");
            break;
        }

        foreach (string file in new[] { "optimizer.safetensors", "data_state.safetensors", "trainer_state.json" })
            Assert.Equal(File.ReadAllBytes(folder[$"straight/checkpoint-{Steps:D6}/{file}"]), File.ReadAllBytes(folder[$"stopped/checkpoint-{Steps:D6}/{file}"]));
        Assert.Equal(Path.GetFileName(TrainingCheckpoint.FindBest(folder["straight"])), Path.GetFileName(TrainingCheckpoint.FindBest(folder["stopped"])));
    }

    private static CausalLanguageModel Create(string kind, int seed, KernelWithEvents? kernel = null)
    {
        CausalLanguageModel model = CausalLanguageModel.Create(
            TinyModels.Config(), kind == "all" ? seed : 5, new ModelLoadOptions { DataType = ScalarType.BFloat16, AttentionKernel = kernel });
        BadToken.Poison(model);
        if (kind == "lora") model.AddAdapter(new LoraOptions { Rank = 3, Alpha = 8, Dropout = 0.2, TargetModules = ["q_proj", "up_proj", "lm_head"] }, seed);
        if (kind == "dora") model.AddAdapter(new LoraOptions { Rank = 3, Alpha = 8, Dropout = 0.2, WeightDecomposed = true }, seed);
        return model;
    }

    private static async Task Run(CausalLanguageModel model, TrainerOptions options, Dictionary<int, double> losses, string? resume, CancellationToken cancellation)
    {
        using var trainer = new LongContextTrainer(model, options);
        if (resume is not null) trainer.ResumeLatest();
        await trainer.TrainAsync(Packs(), new TrainingRun.Listener(progress => { if (progress.Outcome != StepOutcome.RolledBack) losses[progress.Step] = progress.Loss; }), cancellation);
    }
}
