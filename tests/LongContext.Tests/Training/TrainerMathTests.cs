using LongContext.Models;
using LongContext.Packing;
using LongContext.Tensors;
using LongContext.Tests.Training.Optimizers;
using LongContext.Training;
using LongContext.Training.Optimizers;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>What a step computes: independent of packing and accumulation, and equal to AdamW by hand.</summary>
public sealed class TrainerMathTests
{
    /// <summary>Documents of very unequal numbers of targets; one has none.</summary>
    private static readonly TokenSequence[] Documents =
    [
        TinyModels.Document(30, 1), TinyModels.Document(2, 2), new(TinyModels.Tokens(17, 3), Enumerable.Range(0, 17).Select(i => i > 11).ToArray()),
        TinyModels.Document(1, 4), TinyModels.Document(9, 5), TinyModels.Document(23, 6),
    ];

    private static TrainerOptions Options(int accumulation, double? clip = 1) => new()
    {
        Steps = 5,
        GradientAccumulationSteps = accumulation,
        LearningRate = 3e-3,
        Schedule = LearningRateSchedule.Cosine(warmupSteps: 1),
        MaximumGradientNorm = clip,
    };

    [Theory]
    [InlineData(LossWeighting.PerToken)]
    [InlineData(LossWeighting.PerSequence)]
    public async Task TrainAsync_OnePackOrSeveralMicroBatches_IsTheSameRun(LossWeighting weighting)
    {
        (double[] losses, var weights) = await Run(1, PackedBatch.Create(Documents, weighting));
        int[][][] partitions =
        [
            [[0], [1, 2], [3], [4, 5]], // unequal target counts, one micro-batch without any
            [[0], [1], [2], [3], [4], [5]], // every document apart
            [[0, 1, 2], [3, 4, 5]],
        ];
        foreach (int[][] partition in partitions)
        {
            PackedBatch[] packs = [.. partition.Select(part => PackedBatch.Create([.. part.Select(i => Documents[i])], weighting))];
            AssertSame(losses, weights, await Run(packs.Length, packs));
        }
    }

    [Fact]
    public async Task TrainAsync_AnotherOrderWithinAStep_IsTheSameRun()
    {
        (double[] losses, var weights) = await Run(2, PackedBatch.Create(Documents[..3]), PackedBatch.Create(Documents[3..]));
        AssertSame(losses, weights, await Run(2, PackedBatch.Create(Documents[3..]), PackedBatch.Create(Documents[..3])));
        AssertSame(losses, weights, await Run(1, PackedBatch.Create([.. Documents.Reverse()])));
    }

    [Fact]
    public async Task TrainAsync_PerSequence_AveragesTheDocumentsMeanLosses()
    {
        using CausalLanguageModel model = TinyModels.Create();
        double[] means = [.. Documents.Where((_, i) => i != 3).Select(document => MeanLoss(model, document))];
        double[] sums = [.. Documents.Select(document => MeanLoss(model, document) * PackedBatch.Create([document]).TargetCount)];
        TrainingRun perSequence = await TrainingRun.Of(model, Options(1), PackedBatch.Create(Documents, LossWeighting.PerSequence));
        // A pack's weights 1/N are float32.
        Assert.Equal(1, perSequence.Losses[0] / means.Average(), 1e-7);

        using CausalLanguageModel other = TinyModels.Create();
        TrainingRun perToken = await TrainingRun.Of(other, Options(1), PackedBatch.Create(Documents));
        Assert.Equal(1, perToken.Losses[0] / (sums.Sum() / PackedBatch.Create(Documents).TargetCount), 1e-12);
        Assert.NotEqual(perToken.Losses[0], perSequence.Losses[0], 1e-3);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData(0.4, false)]
    [InlineData(1e-3, true)]
    public async Task TrainAsync_SixSteps_AreAdamWByHand(double? clip, bool tied)
    {
        PackedBatch[] packs = [PackedBatch.Create(Documents[..2]), PackedBatch.Create(Documents[2..])];
        var constants = new AdamWOptions { Beta1 = 0.8, Beta2 = 0.97, Epsilon = 1e-6, WeightDecay = 0.3 };
        var options = new TrainerOptions
        {
            Steps = 6,
            GradientAccumulationSteps = 2,
            LearningRate = 1e-2,
            Schedule = LearningRateSchedule.Linear(warmupSteps: 2),
            MaximumGradientNorm = clip,
            Optimizer = constants,
        };
        using CausalLanguageModel model = TinyModels.Create(tied: tied), copy = TinyModels.Create(tied: tied);
        TrainingRun run = await TrainingRun.Of(model, options, packs);

        double[] factors = [0, 0.5, 1, 0.75, 0.5, 0.25];
        Dictionary<string, ScalarAdamW> byHand = copy.Parameters.ToDictionary(
            parameter => parameter.Key, parameter => new ScalarAdamW(TinyModels.Doubles(parameter.Value), constants, decays: parameter.Value.dim() > 1));
        for (int step = 0; step < 6; step++)
        {
            (double loss, Dictionary<string, double[]> gradients) = LossAndGradients(copy, packs);
            double norm = Math.Sqrt(gradients.Values.Sum(gradient => gradient.Sum(g => g * g)));
            Assert.Equal(1, run.Progress[step].Loss / loss, 1e-10);
            Assert.Equal(1, run.Progress[step].GradientNorm / norm, 1e-10);
            Assert.Equal(1e-2 * factors[step], run.Progress[step].LearningRate);
            double factor = clip is { } maximum && norm + 1e-6 > maximum ? maximum / (norm + 1e-6) : 1;
            foreach ((string name, ScalarAdamW parameter) in byHand)
            {
                parameter.Step([.. gradients[name].Select(g => g * factor)], 1e-2 * factors[step]);
                using var noGradient = no_grad();
                using Tensor values = tensor(parameter.Values, copy.Parameters[name].shape);
                copy.Parameters[name].copy_(values);
            }
        }

        foreach ((string name, ScalarAdamW parameter) in byHand) TinyModels.AssertClose(parameter.Values, TinyModels.Doubles(model.Parameters[name]), 1e-10, name);
    }

    [Fact]
    public async Task TrainAsync_OnARule_LearnsIt()
    {
        // Each token is the one before plus one: a model that attends to nothing but the last token can know it.
        TokenSequence[] documents = [.. Enumerable.Range(0, 8).Select(i => new TokenSequence((int[])[.. Enumerable.Range(0, 24).Select(t => 3 + (5 * i + t) % 40)]))];
        using CausalLanguageModel model = TinyModels.Create(dataType: ScalarType.Float32);
        TrainingRun run = await TrainingRun.Of(
            model, new TrainerOptions { Steps = 60, LearningRate = 1e-2, Optimizer = new AdamWOptions { WeightDecay = 0 } }, PackedBatch.Create(documents));
        Assert.True(run.Losses[0] > 2, $"the first loss is {run.Losses[0]}");
        Assert.True(run.Losses[^1] < 0.1, $"the last loss is {run.Losses[^1]}");
    }

    [Fact]
    public async Task TrainAsync_WholePasses_TakeEveryPackEachTime()
    {
        PackedBatch[] packs = [.. Enumerable.Range(1, 7).Select(i => PackedBatch.Create([TinyModels.Document(i + 1, i)]))];
        using CausalLanguageModel model = TinyModels.Create();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Epochs = 3, GradientAccumulationSteps = 4 });
        var seen = new List<TrainingProgress>();
        TrainingResult result = await trainer.TrainAsync(packs, new TrainingRun.Listener(seen.Add), TestContext.Current.CancellationToken);

        // 21 packs by 4: five steps of four and one of one.
        Assert.Equal(6, result.Steps);
        Assert.Equal(6, trainer.StepsDone);
        Assert.Equal(3 * packs.Sum(pack => pack.TokenCount), result.Tokens);
        Assert.Equal(result.Tokens, seen.Sum(progress => progress.StepTokens));
        Assert.Equal(seen[^1].Loss, result.FinalLoss);
    }

    private static async Task<(double[] Losses, Dictionary<string, double[]> Weights)> Run(int accumulation, params PackedBatch[] packs)
    {
        using CausalLanguageModel model = TinyModels.Create();
        TrainingRun run = await TrainingRun.Of(model, Options(accumulation), packs);
        return (run.Losses, model.Parameters.ToDictionary(parameter => parameter.Key, parameter => TinyModels.Doubles(parameter.Value)));
    }

    private static void AssertSame(double[] losses, Dictionary<string, double[]> weights, (double[] Losses, Dictionary<string, double[]> Weights) other)
    {
        for (int step = 0; step < losses.Length; step++) Assert.Equal(1, other.Losses[step] / losses[step], 1e-10);
        foreach ((string name, double[] values) in weights) TinyModels.AssertClose(values, other.Weights[name], 1e-10, name);
    }

    private static double MeanLoss(CausalLanguageModel model, TokenSequence document)
    {
        PackedBatch pack = PackedBatch.Create([document]);
        if (pack.TargetCount == 0) return 0;
        double[] logits = TinyModels.Logits(model, pack);
        double sum = 0;
        for (int t = 0; t < pack.TokenCount; t++)
        {
            if (pack.Labels.Span[t] == PackedBatch.Ignored) continue;
            double[] row = logits[(t * TinyModels.Vocabulary)..((t + 1) * TinyModels.Vocabulary)];
            sum += Math.Log(row.Sum(Math.Exp)) - row[pack.Labels.Span[t]];
        }

        return sum / pack.TargetCount;
    }

    /// <summary>The step's loss and gradients through libtorch's own cross-entropy over whole logits.</summary>
    private static (double Loss, Dictionary<string, double[]> Gradients) LossAndGradients(CausalLanguageModel model, PackedBatch[] packs)
    {
        using var scope = NewDisposeScope();
        foreach (Tensor parameter in model.Parameters.Values) parameter.requires_grad_(true);
        Tensor sum = zeros(1, dtype: ScalarType.Float64);
        foreach (PackedBatch pack in packs)
        {
            using PackedInputs inputs = PackedInputs.Create(pack);
            Tensor labels = tensor((long[])[.. pack.Labels.ToArray().Select(label => (long)label)]);
            sum = sum.Plus(nn.functional.cross_entropy(model.Logits(model.Forward(inputs)), labels, ignore_index: PackedBatch.Ignored, reduction: nn.Reduction.Sum));
        }

        Tensor loss = sum.Times(1.0 / packs.Sum(pack => pack.TargetCount));
        loss.backward();
        var gradients = model.Parameters.ToDictionary(parameter => parameter.Key, parameter => TinyModels.Doubles(parameter.Value.grad!));
        foreach (Tensor parameter in model.Parameters.Values)
        {
            parameter.requires_grad_(false);
            parameter.grad = null!;
        }

        return (loss.item<double>(), gradients);
    }
}
