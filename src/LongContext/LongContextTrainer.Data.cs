using LongContext.Data;
using LongContext.Packing;
using LongContext.Training;
using Microsoft.Extensions.Logging;

namespace LongContext;

public sealed partial class LongContextTrainer
{
    /// <summary>Steps of a run that goes on until its data ends.</summary>
    private const int UntilTheDataEnds = int.MaxValue;

    /// <summary>
    /// Packs a stream of sequences and trains on the packs, which are made ahead on a thread of their own
    /// (<see cref="TrainerOptions.PrefetchedPacks"/>). What the packer holds is part of each checkpoint.
    /// </summary>
    /// <param name="sequences">The data, for example from <see cref="DataSource"/>; stays the caller's.</param>
    /// <param name="packing">How to pack.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <inheritdoc cref="TrainAsync(IPackFeed, IProgress{TrainingProgress}?, CancellationToken)" path="/exception"/>
    /// <remarks>The run ends with the data, or after <see cref="TrainerOptions.Steps"/>, whichever comes first; the last step takes the packs that are left.</remarks>
    public Task<TrainingResult> TrainAsync(
        IDataSource<TokenSequence> sequences, StreamingPackerOptions packing, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentNullException.ThrowIfNull(packing);
        return TrainAsync(new StreamingPacker(sequences, packing), progress, cancellationToken);
    }

    /// <summary>Trains on a stream of packs, which are made ahead on a thread of their own (<see cref="TrainerOptions.PrefetchedPacks"/>).</summary>
    /// <param name="packs">
    /// The data, for example a <see cref="StreamingPacker"/>. The first run of a trainer begins where the stream stands; a resumed one,
    /// or a further call, returns to the place after the last whole step. It stays the caller's; when the run is over it stands after the last whole step.
    /// </param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <remarks>The run ends with the data, or after <see cref="TrainerOptions.Steps"/>, whichever comes first; the last step takes the packs that are left.</remarks>
    /// <exception cref="ArgumentException">
    /// <see cref="TrainerOptions.Steps"/> is null and the schedule needs it, the stream is not the one that the checkpoint is of, it has
    /// no pack at all, a pack is longer than the model's window, or many steps in a row have no target token.
    /// </exception>
    /// <exception cref="DataFormatException">The state of the data in the checkpoint is damaged.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, an adapter was added or removed since the trainer was made, or the checkpoint folder holds a later checkpoint than this run begins with (<see cref="TrainerOptions.OverwriteCheckpoints"/>).</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite.</exception>
    /// <exception cref="IOException">Another run has the checkpoint folder, or a checkpoint could not be written; the one before is whole.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. With a checkpoint folder a checkpoint of the last whole step was written, unless the run had not begun.</exception>
    public Task<TrainingResult> TrainAsync(
        IPackFeed packs, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(packs);
        if (options.Steps is null && NeedsTotal(options.Schedule))
        {
            throw new ArgumentException(
                "How long the stream of packs is cannot be known: set TrainerOptions.Steps, which the schedule needs, or use LearningRateSchedule.Constant with a warm-up in steps.", nameof(packs));
        }

        return Start(packs, options.Steps ?? UntilTheDataEnds, options.PrefetchedPacks, progress, cancellationToken);
    }

    /// <summary>
    /// Resumes from the latest whole checkpoint in <see cref="TrainerOptions.CheckpointFolder"/>, every file of it compared with its
    /// checksum; a torn or damaged one is passed over with a warning, and the one before is used.
    /// </summary>
    /// <returns>The checkpoint used, or null where there is none yet: the run then begins anew.</returns>
    /// <exception cref="Checkpoints.CheckpointFormatException">There are checkpoints, but none is whole or none of a model of this shape.</exception>
    /// <exception cref="ArgumentException">
    /// It is of a run with other accumulation, seed, window or positions, another optimizer or other constants of it that its state depends on, or an adapter on other
    /// weights: going on would be another run.
    /// </exception>
    /// <exception cref="InvalidOperationException">A run is under way, or there is no checkpoint folder in the options.</exception>
    /// <remarks>The folder is not held until the run begins. Where another run has written a later checkpoint in between, the call to train is refused: call this again.</remarks>
    public string? ResumeLatest()
    {
        ThrowIfDisposed();
        string folder = options.CheckpointFolder ?? throw new InvalidOperationException("TrainerOptions.CheckpointFolder is not set: there is nowhere to resume from.");
        string? latest = TrainingCheckpoint.FindWhole(folder, checksums: true, logger, out List<string> damaged);
        if (latest is null) return null;
        ResumeFrom(latest, verified: true);
        passedOver = damaged;
        return latest;
    }

    /// <summary>Whether the steps of the whole run make a difference: at the beginning, in the course, or towards the end.</summary>
    internal static bool NeedsTotal(LearningRateSchedule schedule)
    {
        const int one = 1_000_000, other = 2_000_000;
        return new[] { 1, 1_000, one / 2, one - 1 }.Any(step => schedule.Factor(step, one) != schedule.Factor(step, other));
    }

    private void ResumeFrom(string checkpointFolder, bool verified)
    {
        BeginUse();
        try
        {
            CheckParameters();
            (stepsDone, position) = TrainingCheckpoint.Restore(checkpointFolder, model, optimizer, options, verified);
            passedOver = null;
        }
        finally
        {
            EndUse();
        }

        ForgetPartlyApplied();
        ResumeGuard(checkpointFolder);
        LogResumed(checkpointFolder, stepsDone);
    }

    /// <summary>TorchSharp's gradient mode and dispose scopes belong to a thread: the whole run stays on one.</summary>
    private async Task<TrainingResult> Start(IPackFeed packs, int totalSteps, int ahead, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        BeginUse();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing.Token);
        try
        {
            return await Task.Factory.StartNew(
                () =>
                {
                    model.TrainOnThisThread();
                    CheckParameters();
                    using var data = new StepData(packs, options.GradientAccumulationSteps, ahead, position, CheckLength, logger);
                    return Run(data, totalSteps, progress, either.Token);
                },
                either.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (e.CancellationToken == either.Token && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken); // the caller's own token, not the one made of two
        }
        finally
        {
            EndUse();
        }
    }

    /// <summary>The stream is at its end before the last step: said aloud, or refused where there was nothing in it.</summary>
    private void EndOfData(int totalSteps)
    {
        if (position is not { Packs: > 0 }) throw new ArgumentException("There is no pack to train on: " + (stepData?.Report is { Skipped: > 0 } report
            ? $"all {report.Skipped} sequence(s) are longer than the packs' context and were left out (OverlengthPolicy.Skip)."
            : "the stream is empty."));
        if (totalSteps == UntilTheDataEnds) LogDataEnded(stepsDone);
        else LogDataEndedEarly(stepsDone, totalSteps);
    }

    private void LogPacking(PackingReport? report)
    {
        if (report is { Packs: > 0 }) LogFillRate(report.Packs, report.Documents, report.FillRate, report.Split, report.Truncated, report.Skipped);
    }

    [LoggerMessage(EventId = 210, Level = LogLevel.Information, Message = "The data has come to its end after step {Step}.")]
    private partial void LogDataEnded(int step);

    [LoggerMessage(EventId = 211, Level = LogLevel.Warning, Message = "The data has come to its end after step {Step} of {Total}: the learning rate's course was cut short.")]
    private partial void LogDataEndedEarly(int step, int total);

    [LoggerMessage(EventId = 212, Level = LogLevel.Information, Message = "{Packs} packs of {Documents} documents, filled to {FillRate:P2}; sequences longer than the context: {Split} split, {Truncated} truncated, {Skipped} left out.")]
    private partial void LogFillRate(long packs, long documents, double fillRate, long split, long truncated, long skipped);
}
