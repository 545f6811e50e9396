using LongContext.Training;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using LongContext.Training.Monitoring;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>Steps that look wrong, the way back to a checkpoint, and evaluations between steps.</summary>
public sealed partial class LongContextTrainer
{
    private GuardState guard = GuardState.Start;
    private string? lastCheckpoint;
    private int? evaluatedStep;
    private double? metric; // of the weights after that step: the lower the better

    /// <summary>What becomes of the step under way; the guard remembers it.</summary>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite, and the options say to stop.</exception>
    /// <exception cref="LossSpikeException">A loss spike, and the options say to stop.</exception>
    private GuardVerdict Judge(double loss, double gradientNorm, int packs) =>
        Take(GuardPolicy.Decide(options.Guard, guard, stepsDone + 1, loss, gradientNorm), packs);

    /// <summary>Tells of a verdict on the step under way, and remembers what it says.</summary>
    private GuardVerdict Take(GuardVerdict verdict, int packs)
    {
        long first = stepData!.Position.Packs;
        if (verdict.Fault is { } fault) throw fault;
        if (verdict.Outcome == StepOutcome.Skipped) LogSkipped(stepsDone + 1, first, first + packs - 1, verdict.Reason!);
        else if (verdict.Outcome == StepOutcome.Applied && verdict.Reason is { } reason) LogSuspicious(stepsDone + 1, first, first + packs - 1, reason);
        guard = verdict.State;
        return verdict;
    }

    /// <summary>Takes weights, optimizer and step number from the last checkpoint; the data goes on after the packs of the step under way.</summary>
    private void RollBack(int packs, string reason)
    {
        int badStep = stepsDone + 1;
        long firstPack = stepData!.Position.Packs, nextPack = firstPack + packs;
        (stepsDone, _) = TrainingCheckpoint.Restore(lastCheckpoint!, model, optimizer, options);
        ForgetPartlyApplied();
        (GuardState saved, evaluatedStep, metric) = TrainingCheckpoint.ReadGuard(lastCheckpoint!);
        guard = saved with { RollBacks = guard.RollBacks };
        LogRolledBack(lastCheckpoint!, stepsDone, badStep, firstPack, nextPack - 1, reason, nextPack);
    }

    private void ResumeGuard(string checkpointFolder)
    {
        lastCheckpoint = checkpointFolder;
        (guard, evaluatedStep, metric) = TrainingCheckpoint.ReadGuard(checkpointFolder);
    }

    /// <summary>Makes the evaluations that are due after the steps done, unless they are made: a run cancelled in one makes it when it goes on.</summary>
    /// <returns>Whether any were made now.</returns>
    private bool EvaluateWhereDue(TrainingMonitor monitor, int totalSteps, CancellationToken cancellationToken)
    {
        if (evaluatedStep == stepsDone || !EvaluationSchedule.IsDue(options, stepsDone, totalSteps)) return false;
        monitor.Evaluate(stepsDone, cancellationToken);
        evaluatedStep = stepsDone;
        metric = monitor.LastEvaluations.Select(evaluation => evaluation.Result.Primary).FirstOrDefault(primary => primary is not null);
        return true;
    }

    /// <summary>An adapter put on or taken off since the trainer was made would train without an optimizer, and nothing would come of it.</summary>
    private void CheckParameters()
    {
        if (optimizer.IsOf(model.TrainableParameters)) return;
        throw new InvalidOperationException("What trains of the model is not what it was when the trainer was made: an adapter was added or removed. Make a new trainer.");
    }

    [LoggerMessage(EventId = 213, Level = LogLevel.Warning, Message = "Step {Step} (packs {First} to {Last}) is left out: {Reason}.")]
    private partial void LogSkipped(int step, long first, long last, string reason);

    [LoggerMessage(EventId = 214, Level = LogLevel.Warning, Message = "Step {Step} (packs {First} to {Last}) is applied, but {Reason}.")]
    private partial void LogSuspicious(int step, long first, long last, string reason);

    [LoggerMessage(EventId = 215, Level = LogLevel.Warning, Message = "Back to {Folder} after step {Step}, because of step {BadStep} (packs {First} to {Last}): {Reason}. The data goes on with pack {Next}.")]
    private partial void LogRolledBack(string folder, int step, int badStep, long first, long last, string reason, long next);
}
