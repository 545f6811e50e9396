using LongContext.Training;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>Who has trainer, model and checkpoint folder, and until when.</summary>
public sealed partial class LongContextTrainer
{
    private static readonly TaskCompletionSource Disposed = new();

    private readonly CancellationTokenSource closing = new();
    private TaskCompletionSource? use; // completed when the run under way has ended; null where there is none, Disposed for good
    private IReadOnlyList<string>? passedOver; // by ResumeLatest, which the run goes on from; null where it does not
    private List<string> others = []; // another run's checkpoints, to be removed once this one has its own
    private int begun; // steps done when the run under way began

    /// <summary>Frees the optimizer's state; the model stays.</summary>
    /// <exception cref="InvalidOperationException">
    /// A run is under way, from the call to train until its task has ended: cancel it and await it first, or use <see cref="DisposeAsync"/>. Nothing is freed, and the run goes on.
    /// </exception>
    public void Dispose()
    {
        if (!TryDispose(out _)) throw new InvalidOperationException("The trainer is training: cancel the run and await it before disposing (DisposeAsync does both).");
    }

    /// <summary>Cancels the run under way, if there is one, waits until it has ended, with a checkpoint where there is a folder for them, and frees the optimizer's state; the model stays.</summary>
    /// <remarks>
    /// The run's own task throws what it would have thrown, <see cref="OperationCanceledException"/> usually; this one does not. Not to be awaited within the run, in an <see cref="IProgress{T}"/>
    /// or an evaluation, which would wait for itself.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        while (!TryDispose(out Task run))
        {
            await closing.CancelAsync().ConfigureAwait(false);
            await run.ConfigureAwait(false);
        }
    }

    /// <param name="run">The run that has the trainer.</param>
    /// <returns>Whether the trainer is disposed, now or before.</returns>
    private bool TryDispose(out Task run)
    {
        TaskCompletionSource? before = Interlocked.CompareExchange(ref use, Disposed, null);
        if (before is null) optimizer.Dispose();
        run = before?.Task ?? Task.CompletedTask;
        return before is null || before == Disposed;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref use) == Disposed, this);

    /// <summary>
    /// Takes trainer and model until <see cref="EndUse"/>. A run has them from the call on, not from when its thread starts: what is disposed in between would be gone for it.
    /// A second run beside the first would mix their gradients.
    /// </summary>
    private void BeginUse()
    {
        // What can be awaited is there as soon as the trainer is taken.
        TaskCompletionSource? before = Interlocked.CompareExchange(ref use, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);
        ObjectDisposedException.ThrowIf(before == Disposed, this);
        if (before is not null) throw new InvalidOperationException("This trainer is training already: one run at a time.");
        try
        {
            model.BeginTraining();
        }
        catch
        {
            Release();
            throw;
        }
    }

    private void EndUse()
    {
        model.EndTraining();
        Release();
    }

    private void Release() => Interlocked.Exchange(ref use, null)!.SetResult();

    /// <summary>The checkpoint folder for this run alone; null where there is none. What a killed run left half written is removed.</summary>
    /// <exception cref="InvalidOperationException">It holds a later checkpoint than this run begins with, which is not to be overwritten.</exception>
    private CheckpointFolderLock? TakeCheckpointFolder()
    {
        (begun, others) = (stepsDone, []);
        if (options.CheckpointFolder is not { } folder) return null;
        CheckpointFolderLock held = CheckpointFolderLock.Take(folder);
        try
        {
            TrainingCheckpoint.RemoveLeftovers(folder);
            string? later = TrainingCheckpoint.FindLater(folder, stepsDone, passedOver ?? []);
            if (later is null || (options.OverwriteCheckpoints && passedOver is null))
            {
                if (!options.OverwriteCheckpoints) return held;
                // A run that begins anew has none of its own there, not of step 0 either.
                others = TrainingCheckpoint.ListAbove(folder, lastCheckpoint is null ? -1 : stepsDone);
                if (later is not null) LogOverwrites(later, stepsDone);
                return held;
            }

            throw new InvalidOperationException(passedOver is not null
                ? $"'{later}' is of a later step than {stepsDone}, from which this run goes on, and was written since: another run had the folder. Call ResumeLatest again."
                : $"'{later}' is of a later step than {stepsDone}, where this run begins: of another run, or of this one's own later steps where it was resumed from an earlier one. ResumeLatest would go on with it instead. "
                + "Go on with it (ResumeLatest), give this run a TrainerOptions.CheckpointFolder of its own, or set TrainerOptions.OverwriteCheckpoints, and this run's first checkpoint takes the place of the later ones.");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    [LoggerMessage(EventId = 206, Level = LogLevel.Warning, Message = "{Folder} is of a later step than {Done}, where this run begins; it goes, with all later ones, when this run's first checkpoint after a step is whole.")]
    private partial void LogOverwrites(string folder, int done);
}
