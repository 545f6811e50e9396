using LongContext.Adapters;
using LongContext.Checkpoints;
using LongContext.Models;
using LongContext.Training.Memory;
using LongContext.Training.Optimizers;

namespace LongContext.Recipes;

/// <summary>
/// A way to train a model of 7 or 8 billion parameters on one card: how its weights are held, what trains, by which optimizer. What fits
/// is <see cref="MemoryPlanner"/>'s prediction.
/// </summary>
public sealed record TrainingPreset
{
    /// <summary>
    /// Of a card's 10⁹ bytes those that the planner is given. A card sold as 24 GB has 24·2³⁰ bytes, so that a sixth of what there is stays
    /// free: for what the allocator cannot use, and the planner's error.
    /// </summary>
    public const double UsableShare = 0.9;

    /// <summary>QLoRA: 4-bit weights, and <see cref="InstructionTuning.DefaultAdapter"/>.</summary>
    public static TrainingPreset QLora { get; } = new() { Name = "QLoRA", Description = "NF4 weights, double quantisation; adapter of rank 64 on all linear maps; AdamW", Adapter = InstructionTuning.DefaultAdapter, WeightQuantization = WeightQuantization.Nf4DoubleQuantized };

    /// <summary>The same adapter over weights in 8 bits.</summary>
    public static TrainingPreset EightBitLora { get; } = new() { Name = "LoRA, 8-bit", Description = "int8 weights; adapter of rank 64 on all linear maps; AdamW", Adapter = InstructionTuning.DefaultAdapter, WeightQuantization = WeightQuantization.EightBit };

    /// <summary>The same adapter over weights in bfloat16.</summary>
    public static TrainingPreset Lora { get; } = new() { Name = "LoRA", Description = "bfloat16 weights; adapter of rank 64 on all linear maps; AdamW", Adapter = InstructionTuning.DefaultAdapter };

    /// <summary><see cref="ContinuedPretraining.LongLoraAdapter"/> over 4-bit weights: embeddings and norms train beside the adapter, by 8-bit AdamW.</summary>
    public static TrainingPreset LongQLora { get; } = new() { Name = "LongLoRA, 4-bit", Description = "NF4 weights, double quantisation; adapter of rank 8 on attention, embeddings and norms; 8-bit AdamW", Adapter = ContinuedPretraining.LongLoraAdapter, WeightQuantization = WeightQuantization.Nf4DoubleQuantized, Optimizer = new AdamW8BitOptions { WeightDecay = 0 } };

    /// <summary>All weights, by 8-bit AdamW with stochastic rounding, gradients applied layer by layer.</summary>
    public static TrainingPreset Full { get; } = new() { Name = "all weights", Description = "bfloat16 weights; 8-bit AdamW, stochastic rounding, applied layer by layer", Optimizer = ForAllWeights(stateOnHost: false), AppliesGradientsByLayer = true };

    /// <summary>The same with the optimizer's state in the host's memory.</summary>
    public static TrainingPreset FullWithStateOnHost { get; } = new() { Name = "all weights, state on host", Description = "bfloat16 weights; 8-bit AdamW in the host's memory, stochastic rounding, applied layer by layer", Optimizer = ForAllWeights(stateOnHost: true), AppliesGradientsByLayer = true };

    /// <summary>All of them, the smallest first.</summary>
    public static IReadOnlyList<TrainingPreset> All { get; } = [QLora, LongQLora, EightBitLora, Lora, FullWithStateOnHost, Full];

    /// <summary>Its name, for people.</summary>
    public required string Name { get; init; }

    /// <summary>What it consists of, in a line.</summary>
    public required string Description { get; init; }

    /// <summary>The adapter that trains; null (the default) for all weights.</summary>
    public LoraOptions? Adapter { get; init; }

    /// <summary>How the layers' matrices are held (<see cref="ModelLoadOptions.WeightQuantization"/>). Default none: bfloat16.</summary>
    public WeightQuantization WeightQuantization { get; init; }

    /// <summary>The optimizer. Default AdamW without weight decay.</summary>
    public OptimizerOptions Optimizer { get; init; } = new AdamWOptions { WeightDecay = 0 };

    /// <summary>Whether gradients are applied layer by layer (<see cref="TrainerOptions.AppliesGradientsByLayer"/>): one pack a step, no clipping. Default false.</summary>
    public bool AppliesGradientsByLayer { get; init; }

    /// <summary>The question for <see cref="MemoryPlanner"/>.</summary>
    /// <param name="config">The model.</param>
    /// <param name="cardGigabytes">The card's memory as it is sold, in 10⁹ bytes; <see cref="UsableShare"/> of it may be used.</param>
    /// <param name="hostGigabytes">The host's memory that may be used, in 10⁹ bytes; null (the default) for no limit.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is not positive.</exception>
    public MemoryRequest Request(ModelConfig config, int cardGigabytes, int? hostGigabytes = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentOutOfRangeException.ThrowIfLessThan(cardGigabytes, 1);
        if (hostGigabytes is { } host) ArgumentOutOfRangeException.ThrowIfLessThan(host, 1, nameof(hostGigabytes));
        return new MemoryRequest
        {
            Config = config,
            Adapter = Adapter,
            WeightQuantization = WeightQuantization,
            Optimizer = Optimizer,
            AppliesGradientsByLayer = AppliesGradientsByLayer,
            DeviceBytes = (long)(cardGigabytes * UsableShare * 1e9),
            HostBytes = hostGigabytes * 1_000_000_000L,
        };
    }

    /// <summary>Settings of a recipe's trainer changed to this way of training.</summary>
    /// <param name="trainer">For example <see cref="ContinuedPretraining.DefaultTrainer"/>; steps, learning rate and schedule stay.</param>
    /// <param name="plan">Gives the activation policy, for example <see cref="MemoryPlanner.Plan(MemoryRequest, int)"/> of <see cref="Request"/>; null to leave it.</param>
    public TrainerOptions Apply(TrainerOptions trainer, MemoryPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        return trainer with
        {
            Optimizer = Optimizer,
            Activations = plan?.Policy ?? trainer.Activations,
            AppliesGradientsByLayer = AppliesGradientsByLayer,
            // Applied by layer, a step is one pack, and the norm of all gradients is not known in time.
            GradientAccumulationSteps = AppliesGradientsByLayer ? 1 : trainer.GradientAccumulationSteps,
            MaximumGradientNorm = AppliesGradientsByLayer ? null : trainer.MaximumGradientNorm,
        };
    }

    private static AdamW8BitOptions ForAllWeights(bool stateOnHost) =>
        new() { WeightDecay = 0, HalfPrecisionUpdates = HalfPrecisionUpdates.StochasticRounding, StateOnHost = stateOnHost };
}
