using System.Diagnostics;
using System.Globalization;
using LongContext.Training.Evaluations;
using Microsoft.Extensions.Logging;

namespace LongContext.Training.Monitoring;

/// <summary>Evaluations, and files whose failure a run survives.</summary>
internal sealed partial class TrainingMonitor
{
    /// <summary>Makes all evaluations, and tells of them once all are made: one that was cut short is made again by a run that goes on.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void Evaluate(int stepsDone, CancellationToken cancellationToken)
    {
        long begun = timeProvider.GetTimestamp();
        var outcomes = new List<EvaluationOutcome>();
        foreach (ITrainingEvaluation evaluation in options.Evaluations)
        {
            cancellationToken.ThrowIfCancellationRequested();
            outcomes.Add(Evaluate(evaluation, stepsDone, cancellationToken));
        }

        clock.AddEvaluation(timeProvider.GetElapsedTime(begun));
        LastEvaluations = outcomes;
        unreported.AddRange(outcomes);
        foreach (EvaluationOutcome outcome in outcomes)
        {
            TrainingMeter.RecordEvaluation(outcome);
            LogEvaluation(outcome.Name, stepsDone, Figures(outcome.Result), outcome.Duration);
        }

        if (options.CheckpointFolder is { } folder) Quietly(() => EvaluationLog.Append(folder, outcomes, timeProvider.GetUtcNow()));
    }

    private EvaluationOutcome Evaluate(ITrainingEvaluation evaluation, int stepsDone, CancellationToken cancellationToken)
    {
        using Activity? activity = TrainingMeter.Source.StartActivity("training.evaluation");
        activity?.SetTag("longcontext.training.evaluation.name", evaluation.Name).SetTag("longcontext.training.step", stepsDone);
        long begun = timeProvider.GetTimestamp();
        EvaluationResult result = Undisturbed.Run(evaluation, model, cancellationToken);
        return new EvaluationOutcome(evaluation.Name, stepsDone, result, timeProvider.GetElapsedTime(begun));
    }

    private static string Figures(EvaluationResult result) =>
        string.Join(", ", result.Values.Select(value => value.Key + " " + value.Value.ToString("G5", CultureInfo.InvariantCulture)));

    /// <summary>Days of training shall not end because a log's disk is full: the log ends, and that is said.</summary>
    private void Quietly(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogLogFailed(e.Message);
            if (tensorBoard is null) return;
            // What stands in the file is whole up to the failed record; nothing may follow that.
            tensorBoard.Dispose();
            tensorBoard = null;
        }
    }

    [LoggerMessage(EventId = 220, Level = LogLevel.Information, Message = "{Evaluation} after step {Step}: {Figures} ({Duration}).")]
    private partial void LogEvaluation(string evaluation, int step, string figures, TimeSpan duration);

    [LoggerMessage(EventId = 221, Level = LogLevel.Warning, Message = "Event files and evaluations.jsonl: a record could not be written, and event files end here: {Fault}")]
    private partial void LogLogFailed(string fault);
}
