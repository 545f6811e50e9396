using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Training;
using LongContext.Training.Optimizers;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static TorchSharp.torch;

namespace LongContext;

/// <summary>
/// Fine-tunes all of a model's weights on packs. A step's loss is Σ weight · cross-entropy over all its packs, divided once by
/// the sum of their <see cref="PackedBatch.LossNormalizer"/>, so that neither packing nor accumulation changes it.
/// </summary>
/// <remarks>
/// One trainer is one run: once its steps are done, a further call to train returns at once. The model is used by the run alone
/// until it ends. An exception from an <see cref="IProgress{T}"/> ends the run.
/// </remarks>
public sealed partial class LongContextTrainer : IDisposable
{
    private readonly CausalLanguageModel model;
    private readonly TrainerOptions options;
    private readonly ILogger logger;
    private readonly TimeProvider timeProvider;
    private readonly Optimizer optimizer;
    private int stepsDone;
    private int running;
    private bool disposed;

    /// <summary>A trainer for a model.</summary>
    /// <param name="model">Its weights change in place; it stays the caller's.</param>
    /// <param name="options">How to train.</param>
    /// <param name="logger">Told about starts, ends and checkpoints; null for nobody.</param>
    /// <param name="timeProvider">Clock for rates; null for the system's.</param>
    /// <exception cref="ArgumentException">An option cannot be used; the message lists all that cannot.</exception>
    public LongContextTrainer(
        CausalLanguageModel model, TrainerOptions options, ILogger<LongContextTrainer>? logger = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.model = model;
        this.options = options;
        this.logger = logger ?? (ILogger)NullLogger.Instance;
        this.timeProvider = timeProvider ?? TimeProvider.System;
        foreach (Parameter parameter in model.Parameters.All) parameter.Trains = true;
        optimizer = options.Optimizer.Create([.. model.Parameters.All.Where(parameter => parameter.Trains)], options.ParameterGroups, options.Seed);
    }

    /// <summary>Steps done so far, those before a resume included.</summary>
    public int StepsDone => stepsDone;

    /// <summary>Trains on a list of packs, shuffled in each pass by <see cref="TrainerOptions.Seed"/>.</summary>
    /// <param name="packs">The data; for example from <see cref="SequencePacker"/>.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <exception cref="ArgumentException">No packs, a pack longer than the model's window, or no target token in a step.</exception>
    /// <exception cref="InvalidOperationException">A run is under way.</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite.</exception>
    /// <exception cref="IOException">A checkpoint could not be written; the one before is whole.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. With a checkpoint folder a checkpoint of the last whole step was written, unless the run had not begun.</exception>
    public Task<TrainingResult> TrainAsync(
        IReadOnlyList<PackedBatch> packs, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        TrainAsync(PackSource.FromList(packs, options.Seed), progress, cancellationToken);

    /// <summary>Trains on packs taken by number, on a thread of its own.</summary>
    /// <param name="source">The data.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand: the step under way is dropped, the weights are the last step's.</param>
    /// <exception cref="ArgumentException">The source has no end and <see cref="TrainerOptions.Steps"/> is null, a pack is longer than the model's window, or a step has no target token.</exception>
    /// <exception cref="InvalidOperationException">A run is under way.</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite.</exception>
    /// <exception cref="IOException">A checkpoint could not be written; the one before is whole.</exception>
    /// <exception cref="ObjectDisposedException">The trainer is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled. With a checkpoint folder a checkpoint of the last whole step was written, unless the run had not begun.</exception>
    public Task<TrainingResult> TrainAsync(
        IPackSource source, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentNullException.ThrowIfNull(source);
        int totalSteps = TotalSteps(source);
        // TorchSharp's gradient mode and dispose scopes belong to a thread: the whole run stays on one.
        return Task.Factory.StartNew(
            () => Alone(() => Run(source, totalSteps, progress, cancellationToken)),
            cancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Takes weights, optimizer and position from a checkpoint; the next call to train goes on after its step.</summary>
    /// <param name="checkpointFolder">A folder written by this trainer, for example from <see cref="TrainingCheckpoint.FindLatest"/>.</param>
    /// <exception cref="Checkpoints.CheckpointFormatException">The folder is not a whole checkpoint of a model of this shape.</exception>
    /// <exception cref="ArgumentException">It is of a run with other accumulation, seed or positions: going on would be another run.</exception>
    /// <exception cref="InvalidOperationException">A run is under way.</exception>
    public void Resume(string checkpointFolder)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentException.ThrowIfNullOrEmpty(checkpointFolder);
        stepsDone = Alone(() => TrainingCheckpoint.Restore(checkpointFolder, model, optimizer, options));
        LogResumed(checkpointFolder, stepsDone);
    }

    /// <summary>Frees the optimizer's state; the model stays.</summary>
    /// <exception cref="InvalidOperationException">A run is under way: cancel it and wait for it first.</exception>
    public void Dispose()
    {
        if (disposed) return;
        if (Volatile.Read(ref running) != 0) throw new InvalidOperationException("The trainer is training: cancel the run and await it before disposing.");
        disposed = true;
        optimizer.Dispose();
    }

    /// <summary>Refuses a second run beside the first, which would mix their gradients.</summary>
    private T Alone<T>(Func<T> work)
    {
        if (Interlocked.Exchange(ref running, 1) != 0) throw new InvalidOperationException("This trainer is training already: one run at a time.");
        try
        {
            return work();
        }
        finally
        {
            Volatile.Write(ref running, 0);
        }
    }

    private int TotalSteps(IPackSource source)
    {
        if (options.Steps is { } steps) return steps;
        int count = source.Count ?? throw new ArgumentException("The source has no end: set TrainerOptions.Steps.", nameof(source));
        return checked((int)(((long)count * options.Epochs + options.GradientAccumulationSteps - 1) / options.GradientAccumulationSteps));
    }

    private TrainingResult Run(IPackSource source, int totalSteps, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        long started = timeProvider.GetTimestamp(), tokens = 0;
        double loss = double.NaN;
        int stepsBefore = stepsDone, lastSaved = -1;
        LogStart(model.Parameters.ElementCount, stepsDone, totalSteps);
        foreach (string group in optimizer.GroupDescriptions) LogGroup(group);
        if (stepsDone >= totalSteps) LogNothingToDo(totalSteps);
        if (options.CheckpointFolder is { } folder && TrainingCheckpoint.FindLatest(folder) is { } latest && TrainingCheckpoint.StepOf(latest) > stepsDone)
            LogLaterCheckpoint(latest, stepsDone);
        foreach (Tensor parameter in model.Parameters.Values) parameter.requires_grad_(true);
        try
        {
            while (stepsDone < totalSteps)
            {
                double learningRate = options.LearningRate * options.Schedule.Factor(stepsDone, totalSteps);
                PackedBatch[] packs = TakePacks(source, totalSteps);
                (loss, double gradientNorm) = Step(packs, learningRate, cancellationToken);
                stepsDone++;
                long stepTokens = packs.Sum(pack => (long)pack.TokenCount);
                tokens += stepTokens;
                progress?.Report(Progress(totalSteps, stepsBefore, loss, gradientNorm, learningRate, stepTokens, tokens, timeProvider.GetElapsedTime(started)));
                if (options.CheckpointEverySteps is { } every && stepsDone % every == 0) Save(lastSaved = stepsDone);
            }

            if (options.CheckpointFolder is not null && lastSaved != stepsDone) Save(stepsDone);
        }
        catch (OperationCanceledException)
        {
            LogCancelled(stepsDone);
            if (options.CheckpointFolder is not null && lastSaved != stepsDone) Save(stepsDone);
            throw;
        }
        finally
        {
            TakeAutogradGradients();
            optimizer.ReleaseGradients();
            foreach (Tensor parameter in model.Parameters.Values) parameter.requires_grad_(false);
        }

        TimeSpan elapsed = timeProvider.GetElapsedTime(started);
        LogEnd(stepsDone, loss, elapsed);
        return new TrainingResult { Steps = stepsDone, Tokens = tokens, FinalLoss = loss, Elapsed = elapsed };
    }

    /// <summary>One optimizer step. Nothing of the model changes before the gradient of all packs is there and finite.</summary>
    private (double Loss, double GradientNorm) Step(PackedBatch[] packs, double learningRate, CancellationToken cancellationToken)
    {
        double normalizer = packs.Sum(pack => pack.LossNormalizer);
        if (!(normalizer > 0)) throw new ArgumentException($"Step {stepsDone + 1} has no target token: every label of its {packs.Length} pack(s) is ignored.");

        optimizer.ReleaseGradients(); // not cleared: a parameter that gets none in this step is to stay as it is, after a resume, too
        double sum = 0;
        foreach (PackedBatch pack in packs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using PackedInputs inputs = PackedInputs.Create(pack, model.Device);
            sum += LossHead.Backward(model, model.Forward(inputs), pack, 1 / normalizer);
        }

        cancellationToken.ThrowIfCancellationRequested();
        double loss = sum / normalizer;
        if (!double.IsFinite(loss)) throw new NonFiniteLossException(stepsDone + 1, "loss", loss);
        TakeAutogradGradients();
        double norm = optimizer.GradientNorm();
        if (!double.IsFinite(norm)) throw new NonFiniteLossException(stepsDone + 1, "gradient norm", norm);

        // As torch.nn.utils.clip_grad_norm_: never scaled up, 1e-6 against division by nothing.
        if (options.MaximumGradientNorm is { } maximum && maximum / (norm + 1e-6) is < 1 and var factor) optimizer.ScaleGradients(factor);
        optimizer.Step(learningRate);
        return (loss, norm);
    }

    /// <summary>
    /// BRIDGE, to be removed with its two calls: until backpropagation adds into <see cref="Parameter.Gradient"/> itself, what
    /// autograd summed up in .grad is brought there.
    /// </summary>
    private void TakeAutogradGradients()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (Parameter parameter in model.Parameters.All)
        {
            if (parameter.Value.grad is not { } gradient) continue;
            parameter.AddGradient(gradient);
            parameter.Value.grad = null!;
        }
    }

    private PackedBatch[] TakePacks(IPackSource source, int totalSteps)
    {
        long first = (long)stepsDone * options.GradientAccumulationSteps;
        int count = options.GradientAccumulationSteps;
        // The last step of whole passes takes what is left.
        if (options.Steps is null && stepsDone == totalSteps - 1) count = (int)((long)source.Count!.Value * options.Epochs - first);
        var packs = new PackedBatch[count];
        for (int i = 0; i < count; i++)
        {
            packs[i] = source.GetPack(first + i);
            CheckLength(packs[i], first + i);
        }

        return packs;
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

    private TrainingProgress Progress(
        int totalSteps, int stepsBefore, double loss, double gradientNorm, double learningRate, long stepTokens, long tokens, TimeSpan elapsed) => new()
    {
        Step = stepsDone,
        TotalSteps = totalSteps,
        Loss = loss,
        GradientNorm = gradientNorm,
        LearningRate = learningRate,
        StepTokens = stepTokens,
        Tokens = tokens,
        TokensPerSecond = tokens / Math.Max(elapsed.TotalSeconds, 1e-9),
        Elapsed = elapsed,
        Remaining = elapsed / (stepsDone - stepsBefore) * (totalSteps - stepsDone),
        MemoryBytes = Environment.WorkingSet,
    };

    private void Save(int step)
    {
        string folder = TrainingCheckpoint.Save(options.CheckpointFolder!, step, model, optimizer, options);
        LogSaved(folder, step);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Training {Parameters} parameters from step {Done} to {Total}.")]
    private partial void LogStart(long parameters, int done, int total);

    [LoggerMessage(Level = LogLevel.Information, Message = "Group {Group}.")]
    private partial void LogGroup(string group);

    [LoggerMessage(Level = LogLevel.Information, Message = "Trained to step {Step} in {Elapsed}; last loss {Loss}.")]
    private partial void LogEnd(int step, double loss, TimeSpan elapsed);

    [LoggerMessage(Level = LogLevel.Warning, Message = "All {Total} steps are done: there is nothing left to train. A new run needs a new trainer.")]
    private partial void LogNothingToDo(int total);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Folder} is of a later step than {Done}, where this run begins: it is another run's, and FindLatest would find it.")]
    private partial void LogLaterCheckpoint(string folder, int done);

    [LoggerMessage(Level = LogLevel.Information, Message = "Checkpoint of step {Step} written to {Folder}.")]
    private partial void LogSaved(string folder, int step);

    [LoggerMessage(Level = LogLevel.Information, Message = "Resumed from {Folder} after step {Step}.")]
    private partial void LogResumed(string folder, int step);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cancelled; the weights are those of step {Step}.")]
    private partial void LogCancelled(int step);
}
