using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Training;
using LongContext.Training.Evaluations;
using Microsoft.Extensions.Logging;

namespace LongContext.Recipes;

/// <summary>Running it.</summary>
public sealed partial record TrainingRecipe
{
    /// <summary>
    /// Extends the model, adds the adapter, trains, and saves. Where <see cref="TrainerOptions.CheckpointFolder"/> holds a whole
    /// checkpoint, the run goes on from it as if never stopped: the same recipe on the same model, loaded anew.
    /// </summary>
    /// <param name="model">The model as it was loaded; it changes in place, keeps its new positions and, unless merged, its adapter. Stays the caller's.</param>
    /// <param name="progress">Told after each step; null for nobody.</param>
    /// <param name="logger">The trainer's; null for nobody.</param>
    /// <param name="cancellationToken">Ends the run after the pack at hand, with a checkpoint where there is a folder for them; nothing is saved to <see cref="OutputFolder"/>.</param>
    /// <exception cref="ArgumentException">A part cannot be used, alone or with the model; or what <see cref="LongContextTrainer.TrainAsync(IPackFeed, IProgress{TrainingProgress}?, CancellationToken)"/> refuses.</exception>
    /// <exception cref="InvalidOperationException">The model has an adapter already and the recipe brings one, there is none to merge, quantised weights would have to train or be merged, or <see cref="OutputFolder"/> is that of a model with other positions, which an adapter cannot go beside.</exception>
    /// <exception cref="CheckpointFormatException">There are checkpoints, but none that can be gone on from.</exception>
    /// <exception cref="NonFiniteLossException">Loss or gradient was NaN or infinite, and the trainer's guard says to stop.</exception>
    /// <exception cref="IOException">A checkpoint or the result could not be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<RecipeReport> RunAsync(
        CausalLanguageModel model, IProgress<TrainingProgress>? progress = null, ILogger<LongContextTrainer>? logger = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        Trainer.Validate();
        if (Trainer.Steps is null && LongContextTrainer.NeedsTotal(Trainer.Schedule))
            throw new ArgumentException("Trainer.Steps is null, but the schedule needs it: CountSteps finds it for data that ends, or use LearningRateSchedule.Constant.");
        var packer = new StreamingPacker(Source, Packing);
        Prepare(model);
        using LongContextTrainer trainer = TrainerOf(model, logger);
        string? resumedFrom = Trainer.CheckpointFolder is null ? null : trainer.ResumeLatest();
        var record = new RunRecord(progress);
        TrainingResult result = await trainer.TrainAsync(packer, record, cancellationToken).ConfigureAwait(false);
        bool adapted = model.Adapter is not null && !MergesAdapter;
        if (MergesAdapter) model.MergeAndRemoveAdapter();
        if (OutputFolder is { } folder) Save(model, folder);
        string? formatFault = OutputFolder is null ? null : SaveTemplate(OutputFolder);
        if (formatFault is not null && logger is not null) RecipeLog.ChatFormatFault(logger, formatFault);
        return new RecipeReport
        {
            Recipe = Name,
            Training = result,
            Losses = record.Losses,
            Before = record.Before ?? Logged(step: 0),
            After = result.Evaluations.Count > 0 ? result.Evaluations : Logged(result.Steps),
            Packing = packer.Report,
            ResumedFrom = resumedFrom,
            ChatFormatFault = formatFault,
            SavedTo = OutputFolder,
            SavedAdapter = adapted && OutputFolder is not null,
        };
    }

    /// <summary>Everything is checked before the model changes, as far as it can be.</summary>
    private void Prepare(CausalLanguageModel model)
    {
        if (Adapter is not null)
        {
            model.ThrowIfAdapted();
            LoraPlan.Require(Adapter, model);
        }

        if (MergesAdapter && Adapter is null && model.Adapter is null) throw new InvalidOperationException("The recipe merges the adapter, but neither it nor the model has one.");
        if (MergesAdapter) model.ThrowIfQuantized("merged with the adapter");
        ModelConfig extended = RopeScaling is { } asked ? model.Config.WithRopeScaling(asked, ContextLength) : model.Config;
        // What saving would refuse when all is trained.
        if (OutputFolder is { } folder && !MergesAdapter && (Adapter is not null || model.Adapter is not null)) LoraAdapter.CheckFolder(folder, extended);
        bool differs = !extended.RotatesLike(model.Config) || extended.MaxPositionEmbeddings != model.ContextLength;
        if (RopeScaling is { } scaling && differs) model.SetRopeScaling(scaling, ContextLength);
        if (Adapter is not null) model.AddAdapter(Adapter, Trainer.Seed);
    }

    /// <summary>A trainer; where its options do not fit the model, the model is left without the recipe's adapter, so that the mended recipe can be run on it.</summary>
    private LongContextTrainer TrainerOf(CausalLanguageModel model, ILogger<LongContextTrainer>? logger)
    {
        try
        {
            return new LongContextTrainer(model, Trainer, logger);
        }
        catch when (Adapter is not null)
        {
            model.RemoveAdapter();
            throw;
        }
    }

    private static void Save(CausalLanguageModel model, string folder)
    {
        if (model.Adapter is { } adapter) adapter.Save(folder);
        else model.Save(folder);
    }

    /// <summary>Why the chat template could not be written; null where it was, or there is none to write. The model is saved by then, and the report is not to be lost.</summary>
    private string? SaveTemplate(string folder)
    {
        try
        {
            return ChatFormat?.TrySaveTemplate(folder);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"The template of the chat format \"{ChatFormat!.Name}\" could not be written to '{folder}': {fault.Message}";
        }
    }

    /// <summary>What a run that this one goes on from has measured.</summary>
    private IReadOnlyList<EvaluationOutcome> Logged(int step) => Trainer is { CheckpointFolder: { } folder, Evaluations.Count: > 0 } ? EvaluationLog.Read(folder, step) : [];

    /// <summary>Keeps what the report needs, and passes everything on.</summary>
    private sealed class RunRecord(IProgress<TrainingProgress>? next) : IProgress<TrainingProgress>
    {
        private readonly List<double> losses = [];

        public IReadOnlyList<double> Losses => losses;

        public IReadOnlyList<EvaluationOutcome>? Before { get; private set; }

        public void Report(TrainingProgress value)
        {
            losses.Add(value.Loss);
            if (value.Evaluations.Where(outcome => outcome.Step == 0).ToArray() is { Length: > 0 } first) Before = first;
            next?.Report(value);
        }
    }
}
