using LongContext.Training;
using Microsoft.Extensions.Logging;

namespace LongContext;

/// <summary>Who has trainer, model and checkpoint folder, and until when.</summary>
public sealed partial class LongContextTrainer
{
    private const int Free = 0, Busy = 1, Disposed = 2;

    private readonly CancellationTokenSource closing = new();
    private TaskCompletionSource ended = new(); // of the run under way, or the last one
    private int use; // Free, Busy or Disposed
    private bool wentOnFromLatest;

    /// <summary>Frees the optimizer's state; the model stays.</summary>
    /// <exception cref="InvalidOperationException">
    /// A run is under way, from the call to train until its task has ended: cancel it and await it first, or use <see cref="DisposeAsync"/>. Nothing is freed, and the run goes on.
    /// </exception>
    public void Dispose()
    {
        if (TryDispose() == Busy) throw new InvalidOperationException("The trainer is training: cancel the run and await it before disposing (DisposeAsync does both).");
    }

    /// <summary>Cancels the run under way, if there is one, waits until it has ended, with a checkpoint where there is a folder for them, and frees the optimizer's state; the model stays.</summary>
    /// <remarks>
    /// The run's own task throws what it would have thrown, <see cref="OperationCanceledException"/> usually; this one does not. Not to be awaited within the run, in an <see cref="IProgress{T}"/>
    /// or an evaluation, which would wait for itself.
    /// </remarks>
    public async ValueTask DisposeAsync()
    {
        while (true)
        {
            Task run = Volatile.Read(ref ended).Task;
            if (Volatile.Read(ref use) == Busy) await closing.CancelAsync().ConfigureAwait(false);
            if (TryDispose() != Busy) return;
            await run.ConfigureAwait(false);
        }
    }

    /// <returns>What the trainer was before.</returns>
    private int TryDispose()
    {
        int before = Interlocked.CompareExchange(ref use, Disposed, Free);
        if (before == Free) optimizer.Dispose();
        return before;
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(Volatile.Read(ref use) == Disposed, this);

    /// <summary>
    /// Takes trainer and model until <see cref="EndUse"/>. A run has them from the call on, not from when its thread starts: what is disposed in between would be gone for it.
    /// A second run beside the first would mix their gradients.
    /// </summary>
    private void BeginUse()
    {
        int before = Interlocked.CompareExchange(ref use, Busy, Free);
        ObjectDisposedException.ThrowIf(before == Disposed, this);
        if (before == Busy) throw new InvalidOperationException("This trainer is training already: one run at a time.");
        Volatile.Write(ref ended, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
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

    private void Release()
    {
        TaskCompletionSource run = ended;
        Volatile.Write(ref use, Free);
        run.SetResult();
    }

    /// <summary>The checkpoint folder for this run alone; null where there is none. What a killed run left half written is removed.</summary>
    /// <exception cref="InvalidOperationException">It holds a later checkpoint than this run begins with, which is not to be overwritten.</exception>
    private CheckpointFolderLock? TakeCheckpointFolder()
    {
        if (options.CheckpointFolder is not { } folder) return null;
        CheckpointFolderLock held = CheckpointFolderLock.Take(folder);
        try
        {
            TrainingCheckpoint.RemoveLeftovers(folder);
            if (wentOnFromLatest || TrainingCheckpoint.FindLater(folder, stepsDone) is not { } later) return held;
            if (options.OverwriteCheckpoints)
            {
                LogOverwrites(later, stepsDone);
                return held;
            }

            throw new InvalidOperationException(
                $"'{later}' is of a later step than {stepsDone}, where this run begins: of another run, which ResumeLatest would go on with instead of this one. Go on with it (ResumeLatest), "
                + "give this run a TrainerOptions.CheckpointFolder of its own, or set TrainerOptions.OverwriteCheckpoints, and this run's first checkpoint takes the place of the later ones.");
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    [LoggerMessage(EventId = 206, Level = LogLevel.Warning, Message = "{Folder} is of a later step than {Done}, where this run begins; it goes, with all later ones, when this run's first checkpoint is whole.")]
    private partial void LogOverwrites(string folder, int done);
}
