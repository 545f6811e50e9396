using LongContext.Adapters;
using LongContext.Chat;
using LongContext.Data;
using LongContext.Packing;
using LongContext.Positions;
using LongContext.Training.Evaluations;

namespace LongContext.Recipes;

/// <summary>
/// A run put together: what becomes of the model's positions, what trains, the data, its packing, the trainer's settings, and where the
/// result goes. <see cref="ContinuedPretraining"/> and <see cref="InstructionTuning"/> compose them; every part can be changed before
/// running, <c>recipe with { Packing = recipe.Packing with { MinimumFill = 0.9 } }</c>, and each is what one would use by hand.
/// </summary>
public sealed partial record TrainingRecipe
{
    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>The scaling that the model's positions get (<see cref="Models.CausalLanguageModel.SetRopeScaling"/>); null (the default) leaves them.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>The window in tokens that goes with <see cref="RopeScaling"/>; null (the default) for what follows from it.</summary>
    public int? ContextLength { get; init; }

    /// <summary>The adapter that trains; null (the default) for all weights, or for the adapter that the model has already.</summary>
    public LoraOptions? Adapter { get; init; }

    /// <summary>Whether the trained adapter is added into the weights, and a whole model saved. Default false.</summary>
    public bool MergesAdapter { get; init; }

    /// <summary>The data; stays the caller's.</summary>
    public required IDataSource<TokenSequence> Source { get; init; }

    /// <summary>How it is packed.</summary>
    public required StreamingPackerOptions Packing { get; init; }

    /// <summary>How the trainer trains: steps, learning rate, memory, checkpoints, evaluations.</summary>
    public required TrainerOptions Trainer { get; init; }

    /// <summary>Folder that the trained model goes to; null (the default) for none.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>The chat format whose template goes into <see cref="OutputFolder"/>; null (the default) for none.</summary>
    public ChatFormat? ChatFormat { get; init; }

    /// <summary>What the recipes have in common: their own evaluations come first, and before the first step too.</summary>
    internal static TrainingRecipe Of(
        string name, IDataSource<TokenSequence> source, RecipeOptions options, PositionChange positions, StreamingPackerOptions packing, TrainerOptions trainer,
        IReadOnlyList<ITrainingEvaluation> evaluations) => new()
    {
        Name = name,
        RopeScaling = positions.RopeScaling,
        ContextLength = positions.ContextLength,
        Adapter = options.Adapter,
        MergesAdapter = options.MergesAdapter,
        Source = source,
        Packing = packing,
        Trainer = trainer with
        {
            Evaluations = [.. evaluations, .. trainer.Evaluations],
            EvaluateAtStart = trainer.EvaluateAtStart || evaluations.Count > 0,
            PackCapacity = trainer.PackCapacity ?? packing.ContextLength,
        },
        OutputFolder = options.OutputFolder,
    };

    /// <summary>
    /// Counts the steps that the data gives: a pass through source and packer to the end. The source is put back to where it stood. For
    /// schedules that need the number: <c>recipe with { Trainer = recipe.Trainer with { Steps = recipe.CountSteps() } }</c>.
    /// </summary>
    /// <param name="cancellationToken">Ends counting; of a source without end nothing else does.</param>
    /// <returns>Steps, the last one perhaps of fewer packs.</returns>
    /// <exception cref="ArgumentException">There is no pack, or an option cannot be used.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the source stands where it stood.</exception>
    public int CountSteps(CancellationToken cancellationToken = default)
    {
        StreamState start = Source.Capture();
        try
        {
            var packer = new StreamingPacker(Source, Packing);
            long packs = 0;
            while (packer.Next(cancellationToken) is not null) packs++;
            if (packs == 0) throw new ArgumentException("There is no pack to train on: the source is empty.");
            return checked((int)((packs + Trainer.GradientAccumulationSteps - 1) / Trainer.GradientAccumulationSteps));
        }
        finally
        {
            Source.Restore(start);
        }
    }
}
