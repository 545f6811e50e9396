using System.Diagnostics;
using System.Diagnostics.Metrics;
using LongContext.Models;
using LongContext.Packing;
using LongContext.TestSupport;
using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using LongContext.Training.Monitoring;

namespace LongContext.Tests.Training.Monitoring;

[Collection(ProcessListening.Name)]
public sealed class TrainingMeterTests
{
    private static readonly PackedBatch[] Packs = [BadToken.GoodPack(1, length: 20), BadToken.GoodPack(3, length: 30)];

    /// <summary>docs/training-metrics.md, name by name.</summary>
    private static readonly Dictionary<string, string> Units = new()
    {
        ["tokens"] = "{token}", ["steps"] = "{step}", ["skipped_steps"] = "{step}", ["evaluations"] = "{evaluation}", ["checkpoints"] = "{checkpoint}",
        ["step.duration"] = "s", ["evaluation.duration"] = "s", ["checkpoint.duration"] = "s", ["loss"] = "{nat}", ["gradient_norm"] = "1",
        ["learning_rate"] = "1", ["token_rate"] = "{token}/s", ["flop_utilization"] = "1", ["fill_rate"] = "1", ["target_share"] = "1",
        ["memory.peak"] = "By", ["evaluation.value"] = "1",
    };

    [Fact]
    public async Task Meter_OfARun_HasWhatTheProgressHas()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        BadToken.Poison(model);
        using var metrics = new Metrics();
        TrainingRun run = await TrainingRun.Of(
            model,
            new TrainerOptions
            {
                Steps = 4, PackCapacity = 64, DevicePeakFlops = 1e12, CheckpointFolder = folder.Path, CheckpointEverySteps = 2,
                Guard = new TrainingGuardOptions { NonFinite = GuardAction.SkipStep },
                Evaluations = [new LossByPositionEvaluation(Packs, [1, 10])], EvaluateEverySteps = 2,
            },
            Packs[0], BadToken.Pack(), Packs[1], Packs[0]);

        Assert.Equal(Units.Keys.Order(), metrics.Seen.Keys.Order());
        foreach ((string name, string unit) in Units) Assert.Equal((name, unit), (name, metrics.Seen[name]));
        Same("tokens", p => p.StepTokens);
        Same("loss", p => p.Loss);
        Same("gradient_norm", p => p.GradientNorm);
        Same("learning_rate", p => p.LearningRate);
        Same("token_rate", p => p.RecentTokensPerSecond);
        Same("fill_rate", p => p.FillRate!.Value);
        Same("target_share", p => p.TargetShare);
        Same("flop_utilization", p => p.ModelFlopUtilization!.Value);
        Same("memory.peak", p => p.PeakMemoryBytes);
        Same("step.duration", p => p.StepDuration.TotalSeconds);
        Assert.Equal(
            ["applied", "skipped", "applied", "applied"],
            metrics.Of("steps").Select(measured => measured.Tags["longcontext.training.step.outcome"]));
        Assert.Equal([1.0], metrics.Of("skipped_steps").Select(measured => measured.Value));
        Assert.Equal(2, metrics.Of("evaluations").Count);
        Assert.Equal(2, metrics.Of("checkpoints").Sum(measured => measured.Value));
        Assert.Equal(2, metrics.Of("checkpoint.duration").Count);
        Assert.All(metrics.Of("evaluation.duration"), measured => Assert.Equal("loss_by_position", measured.Tags["longcontext.training.evaluation.name"]));
        Assert.Equal(
            run.Progress.SelectMany(p => p.Evaluations).SelectMany(outcome => outcome.Result.Values).Select(value => (value.Key, value.Value)),
            metrics.Of("evaluation.value").Select(measured => ((string)measured.Tags["longcontext.training.evaluation.metric"]!, measured.Value)));

        void Same(string name, Func<TrainingProgress, double> value) => Assert.Equal(run.Progress.Select(value), metrics.Of(name).Select(measured => measured.Value));
    }

    [Fact]
    public async Task Meter_RunThatGoesBack_CountsIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        BadToken.Poison(model);
        using var metrics = new Metrics();
        await TrainingRun.Of(
            model, new TrainerOptions { Steps = 2, CheckpointFolder = folder.Path, Guard = new TrainingGuardOptions { NonFinite = GuardAction.RollBack } },
            Packs[0], BadToken.Pack(), Packs[1], Packs[0]);
        Assert.Equal([1.0], metrics.Of("roll_backs").Select(measured => measured.Value));
        Assert.Equal(
            ["applied", "rolled_back", "applied", "applied"], metrics.Of("steps").Select(measured => measured.Tags["longcontext.training.step.outcome"]));
    }

    [Fact]
    public void Instruments_OfTheMeter_AreThoseOfTheDocument()
    {
        Assert.SkipWhen(TestPaths.RepositoryRoot is null, "the repository's documents are not here");
        string[] rows = [.. File.ReadLines(Path.Combine(TestPaths.RepositoryRoot!, "docs", "training-metrics.md")).Where(line => line.StartsWith("| `longcontext.", StringComparison.Ordinal))];
        using var metrics = new Metrics();
        Assert.Equal("LongContext", TrainingMeter.Source.Name); // and the meter's own class has begun
        Assert.Equal(
            metrics.Published.Select(instrument => $"{instrument.Name} {Kind(instrument)} {instrument.Unit}").Order(StringComparer.Ordinal),
            rows.Select(row => row.Split('|')).Select(cells => $"{cells[1].Trim(' ', '`')} {cells[2].Trim()} {cells[3].Trim(' ', '`')}").Order(StringComparer.Ordinal));

        static string Kind(Instrument instrument) => instrument.GetType().Name.Split('`')[0].ToLowerInvariant();
    }

    [Fact]
    public async Task ActivitySource_OfARun_HasASpanForEachPart()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CausalLanguageModel model = TinyModels.Create();
        List<Activity> ended = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "LongContext",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var parent = new Activity("the caller's").Start();
        await TrainingRun.Of(
            model,
            new TrainerOptions
            {
                Steps = 2, CheckpointFolder = folder.Path, Evaluations = [new LossByPositionEvaluation(Packs)],
            },
            Packs);

        string[] expected = ["training.step", "training.step", "training.evaluation", "training.checkpoint", "training.run"];
        Assert.Equal(expected, ended.Select(activity => activity.OperationName));
        Activity run = ended[^1];
        Assert.Equal(parent.SpanId, run.ParentSpanId);
        Assert.All(ended.SkipLast(1), activity => Assert.Equal(run.SpanId, activity.ParentSpanId));
        Assert.Equal([1, 2], ended.Take(2).Select(activity => activity.GetTagItem("longcontext.training.step")));
        Assert.Equal(ActivityStatusCode.Unset, run.Status);
    }

    [Fact]
    public async Task ActivitySource_OfARunThatFails_SaysWhy()
    {
        using CausalLanguageModel model = TinyModels.Create();
        BadToken.Poison(model);
        List<Activity> ended = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "LongContext",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await Assert.ThrowsAsync<NonFiniteLossException>(() => TrainingRun.Of(model, new TrainerOptions { Steps = 2 }, BadToken.Pack()));
        Assert.Equal(["training.step", "training.run"], ended.Select(activity => activity.OperationName));
        Assert.All(ended, activity => Assert.Contains("is NaN", activity.StatusDescription, StringComparison.Ordinal));
    }

    /// <summary>All that the meter says while it is listened to.</summary>
    private sealed class Metrics : IDisposable
    {
        private const string Prefix = "longcontext.training.";
        private readonly MeterListener listener = new();
        private readonly List<(string Name, double Value, Dictionary<string, object?> Tags)> measured = [];

        public Metrics()
        {
            listener.InstrumentPublished = (instrument, self) =>
            {
                // Engines' and evaluation's instruments are in their own guides, and other tests may be using them now.
                if (instrument.Meter.Name != "LongContext" || !instrument.Name.StartsWith(Prefix, StringComparison.Ordinal)) return;
                Published.Add(instrument);
                self.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
            listener.Start();
        }

        /// <summary>Units of the instruments that said something.</summary>
        public Dictionary<string, string> Seen { get; } = [];

        public List<Instrument> Published { get; } = [];

        public List<(double Value, Dictionary<string, object?> Tags)> Of(string name) =>
            [.. measured.Where(entry => entry.Name == name).Select(entry => (entry.Value, entry.Tags))];

        public void Dispose() => listener.Dispose();

        private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            Assert.False(string.IsNullOrEmpty(instrument.Description));
            string name = instrument.Name[Prefix.Length..];
            Seen[name] = instrument.Unit!;
            measured.Add((name, value, tags.ToArray().ToDictionary()));
        }
    }
}
