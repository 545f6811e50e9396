using System.Text.Json;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;

namespace LongContext.Tests.Training.Evaluations;

public sealed class TrainerEvaluationTests
{
    private static readonly PackedBatch[] Packs = [PackedBatch.Create([TinyModels.Document(20, 1)]), PackedBatch.Create([TinyModels.Document(30, 3)])];

    private static TrainerOptions Options(int steps, string? folder = null, int? every = 2, bool atStart = false, params ITrainingEvaluation[] evaluations) => new()
    {
        Steps = steps, LearningRate = 1e-2, CheckpointFolder = folder, Evaluations = evaluations, EvaluateEverySteps = every, EvaluateAtStart = atStart,
    };

    [Theory]
    [InlineData(5, 2, false, new[] { 2, 4, 5 })]
    [InlineData(4, 2, true, new[] { 0, 2, 4 })]
    [InlineData(3, 10, false, new[] { 3 })]
    [InlineData(3, null, true, new[] { 0, 3 })]
    public async Task TrainAsync_Evaluations_AreMadeWhereTheyAreDue(int steps, int? every, bool atStart, int[] due)
    {
        using CausalLanguageModel model = TinyModels.Create();
        var probe = new Probe(model);
        TrainingRun run = await TrainingRun.Of(model, Options(steps, every: every, atStart: atStart, evaluations: probe), Packs);
        Assert.Equal(due.Length, probe.Calls);
        EvaluationOutcome[] told = [.. run.Progress.SelectMany(p => p.Evaluations)];
        Assert.Equal(due, told.Select(outcome => outcome.Step));
        Assert.Equal(Enumerable.Range(1, due.Length).Select(call => (double)call), told.Select(outcome => outcome.Result.Values[0].Value));
        Assert.Equal(steps, Assert.Single(run.Result.Evaluations).Step);
        // With the report of their own step; those before the first step with the first.
        Assert.All(run.Progress, p => Assert.All(p.Evaluations, outcome => Assert.True(outcome.Step == p.Step || (outcome.Step == 0 && p.Step == 1))));
    }

    [Fact]
    public async Task TrainAsync_Evaluations_AreLoggedBesideTheCheckpoints()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await File.WriteAllTextAsync(folder["evaluations.jsonl"], "{\"step\":1}\n{\"torn", TestContext.Current.CancellationToken);
        var second = new Probe(model, "second") { Value = double.NaN };
        TrainingRun run = await TrainingRun.Of(model, Options(3, folder.Path, evaluations: [new Probe(model), second]), Packs);

        string[] lines = await File.ReadAllLinesAsync(folder["evaluations.jsonl"], TestContext.Current.CancellationToken);
        Assert.Equal(["{\"step\":1}", "{\"torn"], lines[..2]);
        JsonElement[] records = [.. lines[2..].Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal(
            [(2, "probe"), (2, "second"), (3, "probe"), (3, "second")],
            records.Select(record => (record.GetProperty("step").GetInt32(), record.GetProperty("evaluation").GetString()!)));
        Assert.Equal([1.0, 2.0], records.Where((_, i) => i % 2 == 0).Select(record => record.GetProperty("values").GetProperty("calls").GetDouble()));
        Assert.Equal("NaN", records[1].GetProperty("values").GetProperty("calls").GetString());
        Assert.Equal(run.Progress[1].Evaluations[0].Result.Primary, records[0].GetProperty("primary").GetDouble());
        Assert.All(records, record => Assert.True(record.GetProperty("seconds").GetDouble() >= 0 && record.GetProperty("time").GetDateTime().Kind == DateTimeKind.Utc));
    }

    [Fact]
    public async Task TrainAsync_CancelledInAnEvaluation_KeepsTheStepAndEvaluatesWhenItGoesOn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel straight = TinyModels.Create(), model = TinyModels.Create();
        await TrainingRun.Of(straight, Options(4, folder["straight"], evaluations: new Probe(straight)), Packs);

        using var cancellation = new CancellationTokenSource();
        var probe = new Probe(model) { InCall = (call, token) => { if (call == 1) { cancellation.Cancel(); token.ThrowIfCancellationRequested(); } } };
        using var trainer = new LongContextTrainer(model, Options(4, folder["run"], evaluations: probe));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: cancellation.Token));
        Assert.Equal(2, trainer.StepsDone);
        string checkpoint = TrainingCheckpoint.FindLatest(folder["run"])!;
        Assert.Equal(folder["run/checkpoint-000002"], checkpoint);
        Assert.False(File.Exists(folder["run/evaluations.jsonl"]));

        using CausalLanguageModel other = TinyModels.Create(seed: 99);
        var again = new Probe(other);
        TrainingRun rest = await TrainingRun.Of(other, Options(4, folder["run"], evaluations: again), TrainingRun.InTurn(Packs), resume: checkpoint);
        Assert.Equal([2, 4], rest.Progress.SelectMany(p => p.Evaluations).Select(outcome => outcome.Step));
        TinyModels.AssertSameBytes(TinyModels.Bytes(straight), TinyModels.Bytes(other));
        Assert.Equal(File.ReadAllBytes(folder["straight/checkpoint-000004/trainer_state.json"]), File.ReadAllBytes(folder["run/checkpoint-000004/trainer_state.json"]));
    }

    [Fact]
    public async Task Resume_CheckpointOfACancelledEvaluation_GetsItsFigures()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        using var cancellation = new CancellationTokenSource();
        var probe = new Probe(model) { InCall = (call, token) => { if (call == 1) { cancellation.Cancel(); token.ThrowIfCancellationRequested(); } } };
        TrainerOptions options = Options(6, folder.Path, evaluations: probe) with { CheckpointEverySteps = 2, CheckpointsToKeep = 1, KeepBestCheckpoint = true };
        using (var trainer = new LongContextTrainer(model, options))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs), cancellationToken: cancellation.Token));
        Assert.Null(TrainingCheckpoint.FindBest(folder.Path));

        var again = new Probe(model) { Primary = call => call };
        await TrainingRun.Of(model, options with { Evaluations = [again] }, TrainingRun.InTurn(Packs), resume: TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Equal(folder["checkpoint-000002"], TrainingCheckpoint.FindBest(folder.Path));
        Assert.Equal(folder["checkpoint-000006"], TrainingCheckpoint.FindLatest(folder.Path));
    }

    [Fact]
    public async Task Resume_EvaluatedCheckpoint_IsNotEvaluatedAgain()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        await TrainingRun.Of(model, Options(2, folder.Path, evaluations: new Probe(model)), Packs);
        var probe = new Probe(model);
        TrainingRun rest = await TrainingRun.Of(model, Options(4, folder.Path, evaluations: probe), TrainingRun.InTurn(Packs), resume: TrainingCheckpoint.FindLatest(folder.Path));
        Assert.Equal([4], rest.Progress.SelectMany(p => p.Evaluations).Select(outcome => outcome.Step));
    }

    [Fact]
    public async Task TrainAsync_EvaluationThatThrowsOrReturnsNothing_EndsTheRunOnWholeSteps()
    {
        using CausalLanguageModel model = TinyModels.Create();
        var throwing = new Probe(model) { InCall = (_, _) => throw new InvalidDataException("the evaluation's own") };
        using (var trainer = new LongContextTrainer(model, Options(4, evaluations: throwing)))
        {
            await Assert.ThrowsAsync<InvalidDataException>(() => trainer.TrainAsync(TrainingRun.InTurn(Packs)));
            Assert.Equal(2, trainer.StepsDone);
        }

        using var silent = new LongContextTrainer(model, Options(4, evaluations: new Probe(model) { Silent = true }));
        Assert.Contains("'probe' returned null", (await Assert.ThrowsAsync<InvalidOperationException>(() => silent.TrainAsync(TrainingRun.InTurn(Packs)))).Message, StringComparison.Ordinal);
        Assert.All(model.Parameters.Values, parameter => Assert.False(parameter.requires_grad));
    }

    [Fact]
    public void LongContextTrainer_OptionsThatCannotBe_AreNamed()
    {
        using CausalLanguageModel model = TinyModels.Create();
        ArgumentException e = Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions
        {
            Evaluations = [new Probe(model), new Probe(model)], EvaluateEverySteps = 0, TensorBoardFolder = " ", DevicePeakFlops = 0, PackCapacity = 0,
            Guard = new()
            {
                NonFinite = LongContext.Training.Guarding.GuardAction.Warn, Spike = LongContext.Training.Guarding.GuardAction.RollBack, SpikeWindow = 3,
                SpikeWarmupSteps = 2, SpikeThreshold = double.NaN, SpikeMinimumRise = -1, MaximumSkipsInARow = 0, MaximumRollBacks = 0,
            },
        }));
        string[] named =
        [
            "2 are called 'probe'", "EvaluateEverySteps must", "TensorBoardFolder", "DevicePeakFlops", "PackCapacity", "Guard.NonFinite", "Guard rolls back, but CheckpointFolder",
            "Guard.SpikeWindow", "Guard.SpikeWarmupSteps", "Guard.SpikeThreshold", "Guard.SpikeMinimumRise", "Guard.MaximumSkipsInARow", "Guard.MaximumRollBacks",
        ];
        Assert.All(named, text => Assert.Contains(text, e.Message, StringComparison.Ordinal));
        Assert.Equal(
            "TrainerOptions: EvaluateEverySteps or EvaluateAtStart is set, but Evaluations is empty.",
            Assert.Throws<ArgumentException>(() => new LongContextTrainer(model, new TrainerOptions { EvaluateAtStart = true })).Message);
    }

    /// <summary>Says how often it was called.</summary>
    private sealed class Probe(CausalLanguageModel expected, string name = "probe") : ITrainingEvaluation
    {
        public string Name => name;

        public int Calls { get; private set; }

        public double? Value { get; init; }

        public Func<int, double> Primary { get; init; } = _ => 0.5;

        public bool Silent { get; init; }

        public Action<int, CancellationToken> InCall { get; init; } = (_, _) => { };

        public EvaluationResult Evaluate(CausalLanguageModel model, CancellationToken cancellationToken)
        {
            Assert.Same(expected, model);
            InCall(++Calls, cancellationToken);
            return Silent ? null! : new EvaluationResult { Values = [KeyValuePair.Create("calls", Value ?? Calls)], Primary = Primary(Calls) };
        }
    }
}
