using LongContext.Evaluation;
using LongContext.Evaluation.Tasks;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Tests.Export;
using LongContext.Tests.Training.Monitoring;
using LongContext.Tokenization;
using LongContext.Training;
using LongContext.Training.Evaluations;
using static TorchSharp.torch;

namespace LongContext.Tests.Training.Evaluations;

/// <summary>Training with evaluations in between is the training without. The global random state is in play, so nothing may run beside.</summary>
[Collection(ProcessListening.Name)]
public sealed class UndisturbedTests
{
    [Fact]
    public async Task TrainAsync_WithEvaluations_IsTheRunWithout()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(ByteTokenizer.Write(folder.Path, 256));
        using CausalLanguageModel plain = Create(), watched = Create();
        int[] text = TinyModels.Tokens(200, 8);
        ITrainingEvaluation[] evaluations =
        [
            new PerplexityByLengthEvaluation(text, new PerplexityByLengthOptions { Lengths = [8, 32] }),
            new LossByPositionEvaluation([PackedBatch.Create([TinyModels.Document(32, 9)])]),
            TaskEvaluation.Passkey(new PasskeyTask(), tokenizer, [300], [0.5]),
            new Careless(),
        ];
        TrainingRun without = await Train(plain, new TrainerOptions { Steps = 6, LearningRate = 1e-2, GradientAccumulationSteps = 2 });
        TrainingRun with = await Train(watched, new TrainerOptions
        {
            Steps = 6, LearningRate = 1e-2, GradientAccumulationSteps = 2, Evaluations = evaluations, EvaluateEverySteps = 1, EvaluateAtStart = true,
        });

        Assert.Equal(7 * evaluations.Length, with.Progress.Sum(p => p.Evaluations.Count));
        Assert.Equal(without.Losses, with.Losses);
        Assert.Equal(without.Progress.Select(p => p.GradientNorm), with.Progress.Select(p => p.GradientNorm));
        TinyModels.AssertSameBytes(TinyModels.Bytes(plain), TinyModels.Bytes(watched));
        Assert.True(without.Losses.Distinct().Count() == 6, "the data did not come from the random state: the test shows little");
    }

    [Fact]
    public async Task TrainAsync_CarelessEvaluation_LeavesNoTensor()
    {
        using CausalLanguageModel model = TinyModels.Create();
        PackedBatch pack = PackedBatch.Create([TinyModels.Document(20, 1)]);
        long afterTwo = 0, afterTwenty = 0;
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 20, Evaluations = [new Careless()], EvaluateEverySteps = 1 });
        var listener = new TrainingRun.Listener(progress =>
        {
            if (progress.Step == 2) afterTwo = Tensor.TotalCount;
            if (progress.Step == 20) afterTwenty = Tensor.TotalCount;
        });
        await trainer.TrainAsync(TrainingRun.InTurn(pack), listener, TestContext.Current.CancellationToken);
        Assert.True(afterTwo > 0);
        Assert.Equal(afterTwo, afterTwenty);
    }

    private static CausalLanguageModel Create() => CausalLanguageModel.Create(TinyModels.Config() with { VocabularySize = 256 }, 1);

    /// <summary>Data drawn from the global random state, as a program's own might be.</summary>
    private static Task<TrainingRun> Train(CausalLanguageModel model, TrainerOptions options)
    {
        random.manual_seed(17);
        return TrainingRun.Of(model, options, PackSource.FromFunction(_ =>
        {
            using var scope = NewDisposeScope();
            return PackedBatch.Create([new TokenSequence(randint(3, 256, [20], dtype: int32).data<int>().ToArray())]);
        }));
    }

    /// <summary>Draws, keeps tensors, and asks for gradients, all of which is its own affair.</summary>
    private sealed class Careless : ITrainingEvaluation
    {
        public string Name => "careless";

        public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
        {
            random.manual_seed(1);
            Tensor drawn = rand(100), weight = model.Parameters["model.norm.weight"];
            Tensor product = weight.sum() * drawn.sum();
            Assert.False(product.requires_grad);
            return new EvaluationResult { Values = [KeyValuePair.Create("one", 1.0)] };
        }
    }
}
