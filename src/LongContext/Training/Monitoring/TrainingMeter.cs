using System.Diagnostics;
using System.Diagnostics.Metrics;
using LongContext.Training.Evaluations;

namespace LongContext.Training.Monitoring;

/// <summary>What training tells the process's listeners: the instruments of the meter and the spans of the activity source, both "LongContext".</summary>
/// <remarks>docs/training-metrics.md lists them; names and units follow OpenTelemetry's conventions.</remarks>
internal static class TrainingMeter
{
    public const string Name = "LongContext";

    private const string Prefix = "longcontext.training.";
    private const string OutcomeKey = Prefix + "step.outcome";
    private const string EvaluationKey = Prefix + "evaluation.name";
    private const string MetricKey = Prefix + "evaluation.metric";

    private static readonly string? Version = typeof(TrainingMeter).Assembly.GetName().Version?.ToString();

    /// <summary>From tiny models on a CPU to a million tokens on one GPU.</summary>
    private static readonly InstrumentAdvice<double> Seconds = new() { HistogramBucketBoundaries = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000] };

    private static readonly Meter Meter = new(Name, Version);
    private static readonly Counter<long> Tokens = Meter.CreateCounter<long>(Prefix + "tokens", "{token}", "Tokens that steps have gone over.");
    private static readonly Counter<long> Steps = Meter.CreateCounter<long>(Prefix + "steps", "{step}", "Steps, by what came of them.");
    private static readonly Counter<long> SkippedSteps = Meter.CreateCounter<long>(Prefix + "skipped_steps", "{step}", "Steps that the guard left out.");
    private static readonly Counter<long> RollBacks = Meter.CreateCounter<long>(Prefix + "roll_backs", "{roll_back}", "Times that a run went back to a checkpoint.");
    private static readonly Counter<long> Evaluations = Meter.CreateCounter<long>(Prefix + "evaluations", "{evaluation}", "Evaluations made.");
    private static readonly Counter<long> Checkpoints = Meter.CreateCounter<long>(Prefix + "checkpoints", "{checkpoint}", "Checkpoints written.");
    private static readonly Histogram<double> StepDuration = Meter.CreateHistogram(Prefix + "step.duration", "s", "Time of a step, its data included.", tags: null, Seconds);
    private static readonly Histogram<double> EvaluationDuration = Meter.CreateHistogram(Prefix + "evaluation.duration", "s", "Time of an evaluation.", tags: null, Seconds);
    private static readonly Histogram<double> CheckpointDuration = Meter.CreateHistogram(Prefix + "checkpoint.duration", "s", "Time of writing a checkpoint.", tags: null, Seconds);
    private static readonly Gauge<double> Loss = Meter.CreateGauge<double>(Prefix + "loss", "{nat}", "The last step's loss.");
    private static readonly Gauge<double> GradientNorm = Meter.CreateGauge<double>(Prefix + "gradient_norm", "1", "Norm of the last step's gradient, before clipping.");
    private static readonly Gauge<double> LearningRate = Meter.CreateGauge<double>(Prefix + "learning_rate", "1", "The last step's learning rate.");
    private static readonly Gauge<double> TokenRate = Meter.CreateGauge<double>(Prefix + "token_rate", "{token}/s", "Tokens a second over the last steps.");
    private static readonly Gauge<double> FlopUtilization = Meter.CreateGauge<double>(Prefix + "flop_utilization", "1", "The model's operations over what the device could do.");
    private static readonly Gauge<double> FillRate = Meter.CreateGauge<double>(Prefix + "fill_rate", "1", "Tokens of the last step over what its packs could hold.");
    private static readonly Gauge<double> TargetShare = Meter.CreateGauge<double>(Prefix + "target_share", "1", "Share of the last step's tokens whose next token counts.");
    private static readonly Gauge<long> PeakMemory = Meter.CreateGauge<long>(Prefix + "memory.peak", "By", "Highest resident memory of the process so far.");
    private static readonly Gauge<long> DevicePeakMemory = Meter.CreateGauge<long>(Prefix + "device.memory.peak", "By", "Highest use of the GPU's memory seen so far.");
    private static readonly Gauge<double> EvaluationValue = Meter.CreateGauge<double>(Prefix + "evaluation.value", "1", "An evaluation's figure.");

    /// <summary>Spans: <c>training.run</c> holds <c>training.step</c>, <c>training.evaluation</c> and <c>training.checkpoint</c>.</summary>
    public static ActivitySource Source { get; } = new(Name, Version ?? "");

    public static void RecordStep(TrainingProgress progress)
    {
        Tokens.Add(progress.StepTokens);
        Steps.Add(1, new KeyValuePair<string, object?>(OutcomeKey, OutcomeName(progress.Outcome)));
        if (progress.Outcome == StepOutcome.Skipped) SkippedSteps.Add(1);
        if (progress.Outcome == StepOutcome.RolledBack) RollBacks.Add(1);
        StepDuration.Record(progress.StepDuration.TotalSeconds);
        Loss.Record(progress.Loss);
        GradientNorm.Record(progress.GradientNorm);
        LearningRate.Record(progress.LearningRate);
        TokenRate.Record(progress.RecentTokensPerSecond);
        TargetShare.Record(progress.TargetShare);
        PeakMemory.Record(progress.PeakMemoryBytes);
        if (progress.ModelFlopUtilization is { } utilization) FlopUtilization.Record(utilization);
        if (progress.FillRate is { } fill) FillRate.Record(fill);
        if (progress.DevicePeakMemoryBytes is { } device) DevicePeakMemory.Record(device);
    }

    public static void RecordEvaluation(EvaluationOutcome outcome)
    {
        var name = new KeyValuePair<string, object?>(EvaluationKey, outcome.Name);
        Evaluations.Add(1, name);
        EvaluationDuration.Record(outcome.Duration.TotalSeconds, name);
        foreach ((string metric, double value) in outcome.Result.Values) EvaluationValue.Record(value, name, new KeyValuePair<string, object?>(MetricKey, metric));
    }

    public static void RecordCheckpoint(TimeSpan duration)
    {
        Checkpoints.Add(1);
        CheckpointDuration.Record(duration.TotalSeconds);
    }

    /// <summary>As the attribute <c>longcontext.training.step.outcome</c> has it.</summary>
    public static string OutcomeName(StepOutcome outcome) => outcome switch
    {
        StepOutcome.Applied => "applied",
        StepOutcome.Skipped => "skipped",
        _ => "rolled_back",
    };
}
