using LongContext.Adapters;
using LongContext.Evaluation;
using LongContext.Export;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;

namespace LongContext.Tests.Training;

/// <summary>Weights that a run changes are read on its own thread alone: from elsewhere they would be of several steps.</summary>
public sealed class HeldModelTests : IDisposable
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private readonly TemporaryFolder folder = TestPaths.NewTemporaryFolder();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Read_FromAnotherThreadInTheMidstOfARun_IsRefused(bool adapted)
    {
        using CausalLanguageModel model = TinyModels.Create();
        if (adapted) model.AddAdapter(new LoraOptions { Rank = 2 }, seed: 1);
        Action[] reads = adapted
            ? [() => model.Adapter!.Save(folder["read"])]
            : [() => model.Save(folder["read"]), () => model.SaveQuantized(folder["read"]), () => GgufExporter.Export(model, folder["model.gguf"], new GgufExportOptions { WithoutTokenizer = true }), () => new PerplexityEvaluator(model).TokenLosses(Packs[0])];
        List<Exception?> refusals = [];
        using (var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 2 }))
        {
            // As Progress<T> has it: the callback is on another thread while the run waits or goes on.
            var elsewhere = new TrainingRun.Listener(_ => Task.Run(() => refusals.AddRange(reads.Select(Record.Exception))).Wait());
            await trainer.TrainAsync(TrainingRun.InTurn(Packs), elsewhere, TestContext.Current.CancellationToken);
        }

        Assert.Equal(2 * reads.Length, refusals.Count);
        Assert.All(refusals, refusal => Assert.Contains("from another thread", Assert.IsType<InvalidOperationException>(refusal).Message, StringComparison.Ordinal));
        Assert.False(Directory.Exists(folder["read"]) || File.Exists(folder["model.gguf"]));
        reads[0](); // afterwards all is as before
    }

    /// <summary>An evaluation that asks something asynchronous keeps the run waiting: its weights are whole on whatever thread.</summary>
    [Fact]
    public async Task Read_FromTasksThatAnEvaluationAwaits_IsThatStepsModel()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var evaluation = new OwnEvaluation((step, trained) =>
        {
            Task.Run(async () =>
            {
                await Task.Yield();
                trained.Save(folder[$"step{step}"]);
                Assert.Equal(Packs[0].TargetCount, new PerplexityEvaluator(trained).TokenLosses(Packs[0]).Count);
            }).GetAwaiter().GetResult();
            using CausalLanguageModel saved = CausalLanguageModel.Load(folder[$"step{step}"]);
            TinyModels.AssertSameBytes(TinyModels.Bytes(trained), TinyModels.Bytes(saved));
        });
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 2, Evaluations = [evaluation], EvaluateEverySteps = 1 });
        await trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(2, evaluation.Made);
    }

    /// <summary>What an evaluation leaves behind ends before the next step; what it begins later is refused.</summary>
    [Fact]
    public async Task Read_FromATaskThatAnEvaluationLeavesBehind_HoldsTheRun()
    {
        using CausalLanguageModel model = TinyModels.Create();
        Task? left = null;
        bool endedBefore = false, later = false;
        var evaluation = new OwnEvaluation((step, trained) =>
        {
            if (step != 1) return;
            using var begun = new ManualResetEventSlim();
            int told = 0;
            var slow = new Slow(() =>
            {
                if (told++ > 0) return;
                begun.Set();
                Thread.Sleep(300);
            });
            left = Task.Run(() =>
            {
                GgufExporter.Export(trained, folder["model.gguf"], new GgufExportOptions { WithoutTokenizer = true }, slow);
                while (!Volatile.Read(ref later)) Thread.Yield();
                trained.Save(folder["later"]);
            });
            begun.Wait(TestContext.Current.CancellationToken);
        });
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 2, Evaluations = [evaluation], EvaluateEverySteps = 1 });
        Exception? refused = null;
        await trainer.TrainAsync(
            PackSource.FromFunction(index =>
            {
                if (index == 1)
                {
                    endedBefore = File.Exists(folder["model.gguf"]);
                    Volatile.Write(ref later, true);
                    refused = Record.Exception(() => left!.Wait(TestContext.Current.CancellationToken));
                }

                return Packs[index];
            }),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(endedBefore);
        Assert.Contains("from another thread", Assert.IsType<InvalidOperationException>(refused?.InnerException).Message, StringComparison.Ordinal);
    }

    private sealed class Slow(Action told) : IProgress<GgufExportProgress>
    {
        public void Report(GgufExportProgress value) => told();
    }

    private sealed class OwnEvaluation(Action<int, CausalLanguageModel> evaluate) : ITrainingEvaluation
    {
        public int Made { get; private set; }

        public string Name => "own";

        public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
        {
            evaluate(++Made, model);
            return new EvaluationResult { Values = [] };
        }
    }

    [Fact]
    public async Task Save_OnTheRunsOwnThread_IsThatStepsModel()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var saved = new Dictionary<int, Dictionary<string, byte[]>>();
        using var trainer = new LongContextTrainer(model, new TrainerOptions { Steps = 3, LearningRate = 1e-2 });
        await trainer.TrainAsync(
            TrainingRun.InTurn(Packs),
            new TrainingRun.Listener(step =>
            {
                model.Save(folder[$"step{step.Step}"]);
                new PerplexityEvaluator(model).TokenLosses(Packs[0]);
                saved[step.Step] = TinyModels.Bytes(model);
            }),
            TestContext.Current.CancellationToken);
        foreach ((int step, Dictionary<string, byte[]> bytes) in saved)
        {
            using CausalLanguageModel loaded = CausalLanguageModel.Load(folder[$"step{step}"]);
            TinyModels.AssertSameBytes(bytes, TinyModels.Bytes(loaded));
        }

        Assert.NotEqual(saved[1]["model.norm.weight"], saved[3]["model.norm.weight"]);
    }
}
