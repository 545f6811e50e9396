using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Training;
using LongContext.Training.Backpropagation;
using LongContext.Training.Evaluations;
using LongContext.Training.Guarding;
using LongContext.Training.Monitoring;
using LongContext.Training.Optimizers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace LongContext;

/// <summary>
/// Trains a model on packs: its adapter where it has one, and else all of its weights. A step's loss is Σ weight · cross-entropy over all its packs, divided once by
/// the sum of their <see cref="PackedBatch.LossNormalizer"/>, so that neither packing nor accumulation changes it.
/// </summary>
/// <remarks>
/// One trainer is one run: once its steps are done, a further call to train returns at once. The model is used by the run alone
/// until it ends. An exception from an <see cref="IProgress{T}"/> or an <see cref="ITrainingEvaluation"/> ends the run.
/// </remarks>
public sealed partial class LongContextTrainer : IDisposable, IAsyncDisposable
{
    /// <summary>Documents of no more than this part of the window teach little about it.</summary>
    private const int FarBelow = 4;

    private readonly CausalLanguageModel model;
    private readonly TrainerOptions options;
    private readonly ILogger logger;
    private readonly TimeProvider timeProvider;
    private readonly Optimizer optimizer;
    private int stepsDone;
    private DataPosition? position; // after the last whole step; null before the first
    private StepData? stepData; // of the run under way

    /// <summary>A trainer for a model.</summary>
    /// <param name="model">Its weights change in place; it stays the caller's.</param>
    /// <param name="options">How to train.</param>
    /// <param name="logger">Told about starts, ends and checkpoints; null for nobody.</param>
    /// <param name="timeProvider">Clock for rates; null for the system's.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message lists all that cannot.</exception>
    /// <exception cref="ObjectDisposedException">The model was disposed.</exception>
    public LongContextTrainer(
        CausalLanguageModel model, TrainerOptions options, ILogger<LongContextTrainer>? logger = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        model.ThrowIfDisposed();
        options.Validate();
        this.model = model;
        this.options = options;
        this.logger = logger ?? (ILogger)NullLogger.Instance;
        this.timeProvider = timeProvider ?? TimeProvider.System;
        optimizer = options.Optimizer.Create(model.TrainableParameters, options.ParameterGroups, options.Seed);
    }

    /// <summary>Steps done so far, those before a resume included.</summary>
    public int StepsDone => stepsDone;

    /// <summary>Trains on a list of packs, shuffled in each pass by <see cref="TrainerOptions.Seed"/>.</summary>
    /// <param name="packs">The data; for example from <see cref="SequencePacker"/>.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <exception cref="ArgumentException">No packs, a pack longer than the model's window, or many steps in a row have no target token.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, an adapter was added or removed since the trainer was made, or the checkpoint folder holds a later checkpoint than this run begins with (<see cref="TrainerOptions.OverwriteCheckpoints"/>).</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite, and <see cref="TrainerOptions.Guard"/> says to stop or has come to its end.</exception>
    /// <exception cref="LossSpikeException">A loss spike, likewise.</exception>
    /// <exception cref="IOException">Another run has the checkpoint folder, or a checkpoint could not be written; the one before is whole.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. With a checkpoint folder a checkpoint of the last whole step was written, unless the run had not begun.</exception>
    public Task<TrainingResult> TrainAsync(
        IReadOnlyList<PackedBatch> packs, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        TrainAsync(Seen(packs), progress, cancellationToken);

    /// <summary>Trains on packs taken by number, on a thread of its own.</summary>
    /// <param name="source">The data.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <exception cref="ArgumentException">The source has no end and <see cref="TrainerOptions.Steps"/> is null, a pack is longer than the model's window, or many steps in a row have no target token.</exception>
    /// <exception cref="InvalidOperationException">A run is under way, an adapter was added or removed since the trainer was made, or the checkpoint folder holds a later checkpoint than this run begins with (<see cref="TrainerOptions.OverwriteCheckpoints"/>).</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite, and <see cref="TrainerOptions.Guard"/> says to stop or has come to its end.</exception>
    /// <exception cref="LossSpikeException">A loss spike, likewise.</exception>
    /// <exception cref="IOException">Another run has the checkpoint folder, or a checkpoint could not be written; the one before is whole.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. With a checkpoint folder a checkpoint of the last whole step was written, unless the run had not begun.</exception>
    public Task<TrainingResult> TrainAsync(
        IPackSource source, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ThrowIfDisposed();
        ArgumentNullException.ThrowIfNull(source);
        long? limit = options.Steps is null ? (long)options.Epochs * source.Count : null;
        // Not ahead: a source by number is asked for a pack when its step is there.
        return Start(new PackSourceFeed(source, limit), TotalSteps(source), ahead: 0, progress, cancellationToken);
    }

    /// <summary>Takes weights, optimizer and position from a checkpoint; the next call to train goes on after its step.</summary>
    /// <param name="checkpointFolder">A folder written by this trainer, for example from <see cref="TrainingCheckpoint.FindLatest"/>.</param>
    /// <exception cref="Checkpoints.CheckpointFormatException">The folder is not a whole checkpoint of a model of this shape.</exception>
    /// <exception cref="ArgumentException">
    /// It is of a run with other accumulation, seed, window or positions, another optimizer or other constants of it that its state depends on, or an adapter on other
    /// weights: going on would be another run.
    /// </exception>
    /// <exception cref="InvalidOperationException">A run is under way, or an adapter was added or removed since the trainer was made.</exception>
    /// <remarks>
    /// To go back to an earlier checkpoint where <see cref="TrainerOptions.CheckpointFolder"/> holds later ones, make the trainer with <see cref="TrainerOptions.OverwriteCheckpoints"/>, or with another
    /// folder: training is refused otherwise.
    /// </remarks>
    public void Resume(string checkpointFolder)
    {
        ThrowIfDisposed();
        ArgumentException.ThrowIfNullOrEmpty(checkpointFolder);
        ResumeFrom(checkpointFolder, verified: false);
    }

    /// <summary>A list of packs as a source. It can be looked through beforehand: a longer window is not learned from short documents.</summary>
    private IPackSource Seen(IReadOnlyList<PackedBatch> packs)
    {
        IPackSource source = PackSource.FromList(packs, options.Seed);
        if (model.Config.RopeScaling is NoRopeScaling) return source;
        // Packs may come from a disk: one document that is long enough says all.
        int longest = 0, fullest = 0;
        for (int i = 0; i < packs.Count; i++)
        {
            PackedBatch pack = packs[i] ?? throw PackSource.NullPack(i);
            longest = Math.Max(longest, LongestDocument(pack));
            if (longest > model.ContextLength / FarBelow) return source;
            fullest = Math.Max(fullest, pack.TokenCount);
        }

        if (fullest >= model.ContextLength / 2) LogShortDocuments(model.ContextLength, longest);
        return source;

        static int LongestDocument(PackedBatch pack)
        {
            ReadOnlySpan<int> borders = pack.CumulativeSequenceLengths.Span;
            int longest = 0;
            for (int i = 0; i + 1 < borders.Length; i++) longest = Math.Max(longest, borders[i + 1] - borders[i]);
            return longest;
        }
    }

    private int TotalSteps(IPackSource source)
    {
        if (options.Steps is { } steps) return steps;
        int count = source.Count ?? throw new ArgumentException("The source has no end: set TrainerOptions.Steps.", nameof(source));
        return checked((int)(((long)count * options.Epochs + options.GradientAccumulationSteps - 1) / options.GradientAccumulationSteps));
    }

    private TrainingResult Run(StepData data, int totalSteps, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        double loss = double.NaN;
        int lastSaved = -1, first = stepsDone;
        long trained = model.TrainableParameters.Sum(parameter => parameter.Value.numel());
        if (totalSteps == UntilTheDataEnds) LogStartUntilTheDataEnds(trained, stepsDone);
        else LogStart(trained, stepsDone, totalSteps);
        foreach (string group in optimizer.GroupDescriptions) LogGroup(group);
        if (stepsDone >= totalSteps) LogNothingToDo(totalSteps);
        using CheckpointFolderLock? held = TakeCheckpointFolder();
        ThrowIfPartlyApplied();
        stepData = data;
        using var monitor = new TrainingMonitor(model, options, progress, timeProvider, logger, stepsDone, totalSteps);
        foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = true;
        using LayerwiseBackpropagation backpropagation = NewBackpropagation();
        try
        {
            if (options.Guard.RollsBack && lastCheckpoint is null && stepsDone < totalSteps) Save(lastSaved = stepsDone, monitor);
            // The checkpoint that a run goes on from was written without it where the run was cancelled in it, and would never be the best.
            if (EvaluateWhereDue(monitor, totalSteps, cancellationToken) && lastCheckpoint is not null && lastSaved != stepsDone && options.CheckpointFolder is not null) Save(lastSaved = stepsDone, monitor);
            while (stepsDone < totalSteps)
            {
                monitor.AwaitData();
                PackedBatch[] packs = data.Take(cancellationToken);
                if (packs.Length == 0)
                {
                    EndOfData(totalSteps);
                    break;
                }

                monitor.PackCapacity ??= data.Report is { Packs: > 0 } report ? report.Capacity / report.Packs : null;
                monitor.BeginStep(stepsDone + 1);
                double learningRate = options.LearningRate * options.Schedule.Factor(stepsDone, totalSteps);
                StepResult step = Step(backpropagation, packs, learningRate, cancellationToken);
                if (step.Outcome == StepOutcome.RolledBack)
                {
                    RollBack(packs.Length, step.Reason!);
                    lastSaved = -1; // the checkpoint of this step goes on with the packs that led back to it
                }
                else
                {
                    stepsDone++;
                }

                position = data.Commit();
                monitor.EndStep(packs, step);
                if (step.Outcome == StepOutcome.Applied) loss = step.Loss;
                if (step.Outcome != StepOutcome.RolledBack) EvaluateWhereDue(monitor, totalSteps, cancellationToken);
                monitor.Report(stepsDone, packs, step, learningRate, guard);
                if (options.CheckpointEverySteps is { } every && stepsDone % every == 0 && step.Outcome != StepOutcome.RolledBack) Save(lastSaved = stepsDone, monitor);
            }

            if (first == 0 && stepsWithoutTarget > 0 && stepsWithoutTarget == stepsDone)
                throw new ArgumentException($"None of the {stepsDone} step(s) has a target token: every label is ignored. Nothing was trained.");

            // Written before, the last checkpoint would not know what this says of it.
            if (EvaluateWhereDue(monitor, stepsDone, cancellationToken)) lastSaved = -1;
            if (options.CheckpointFolder is not null && lastSaved != stepsDone) Save(stepsDone, monitor);
        }
        catch (Exception e) when (monitor.Observe(e))
        {
            throw; // never: the monitor only looks
        }
        catch (OperationCanceledException)
        {
            LogCancelled(stepsDone);
            if (options.CheckpointFolder is not null && lastSaved != stepsDone) Save(stepsDone, monitor);
            throw;
        }
        finally
        {
            optimizer.ReleaseGradients();
            foreach (Parameter parameter in model.TrainableParameters) parameter.Trains = false;
        }

        LogPacking(data.Report);
        LogEnd(stepsDone, loss, monitor.Elapsed);
        return new TrainingResult
        {
            Steps = stepsDone,
            Tokens = monitor.Tokens,
            FinalLoss = double.IsNaN(loss) ? null : loss,
            SkippedSteps = guard.SkippedSteps,
            RollBacks = guard.RollBacks,
            Evaluations = monitor.LastEvaluations,
            Elapsed = monitor.Elapsed,
        };
    }

    private void CheckLength(PackedBatch pack, long index)
    {
        ReadOnlySpan<int> borders = pack.CumulativeSequenceLengths.Span;
        for (int i = 0; i + 1 < borders.Length; i++)
        {
            if (borders[i + 1] - borders[i] > model.ContextLength && model.Config.RopeScaling is not DynamicNtkRopeScaling)
            {
                throw new ArgumentException(
                    $"Document {i} of pack {index} has {borders[i + 1] - borders[i]} tokens, but the model's window (max_position_embeddings) is "
                    + $"{model.ContextLength}. Extend it when loading (ModelLoadOptions.RopeScaling), or pack with an OverlengthPolicy.");
            }
        }
    }

    private void Save(int step, TrainingMonitor monitor)
    {
        // How good the model is, where that was measured after this very step: the lower the better.
        var snapshot = new TrainingSnapshot(step, model, optimizer, stepData!.Position, evaluatedStep == step ? metric : null) { Guard = guard, EvaluatedStep = evaluatedStep };
        // Before a step is done there is nothing that another run's could go for.
        IReadOnlyCollection<string> removed = step > begun ? others : [];
        lastCheckpoint = monitor.Checkpoint(step, () => TrainingCheckpoint.Save(options.CheckpointFolder!, snapshot, options, removed));
        if (step > begun) others.Clear();
        else others.Remove(lastCheckpoint); // its place is this run's now
        LogSaved(lastCheckpoint, step);
    }

    [LoggerMessage(EventId = 201, Level = LogLevel.Information, Message = "Training {Parameters} parameters from step {Done} to {Total}.")]
    private partial void LogStart(long parameters, int done, int total);

    [LoggerMessage(EventId = 223, Level = LogLevel.Warning, Message = "The packs fill the window of {Window} tokens with documents of at most {Longest}: they teach nothing about longer distances. To lengthen a model, join short texts (ContinuedPretraining.Sequences with joins: true).")]
    private partial void LogShortDocuments(int window, int longest);

    [LoggerMessage(EventId = 202, Level = LogLevel.Information, Message = "Group {Group}.")]
    private partial void LogGroup(string group);

    [LoggerMessage(EventId = 203, Level = LogLevel.Information, Message = "Training {Parameters} parameters from step {Done} until the data ends.")]
    private partial void LogStartUntilTheDataEnds(long parameters, int done);

    [LoggerMessage(EventId = 204, Level = LogLevel.Information, Message = "Trained to step {Step} in {Elapsed}; last loss {Loss}.")]
    private partial void LogEnd(int step, double loss, TimeSpan elapsed);

    [LoggerMessage(EventId = 205, Level = LogLevel.Warning, Message = "All {Total} steps are done: there is nothing left to train. A new run needs a new trainer.")]
    private partial void LogNothingToDo(int total);

    [LoggerMessage(EventId = 207, Level = LogLevel.Information, Message = "Checkpoint of step {Step} written to {Folder}.")]
    private partial void LogSaved(string folder, int step);

    [LoggerMessage(EventId = 208, Level = LogLevel.Information, Message = "Resumed from {Folder} after step {Step}.")]
    private partial void LogResumed(string folder, int step);

    [LoggerMessage(EventId = 209, Level = LogLevel.Warning, Message = "Cancelled; the weights are those of step {Step}.")]
    private partial void LogCancelled(int step);
}
