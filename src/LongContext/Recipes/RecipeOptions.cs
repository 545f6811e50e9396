using LongContext.Adapters;
using LongContext.Models;
using LongContext.Packing;
using LongContext.Positions;

namespace LongContext.Recipes;

/// <summary>What both recipes take. Checked when the recipe is composed, all faults in one exception.</summary>
public abstract record RecipeOptions
{
    private protected RecipeOptions()
    {
    }

    /// <summary>
    /// How positions are stretched where the context is longer than the model's window. Null (the default): position interpolation
    /// (<see cref="ContextExtensionMethod.Linear"/>, Chen et al. 2023, arXiv:2306.15595), and of a model that was trained under a scaling
    /// of its own the same kind with a larger factor, as <see cref="ContextExtensionAdvice"/> has it.
    /// </summary>
    public ContextExtensionMethod? Method { get; init; }

    /// <summary>A scaling with settings of its own, in place of <see cref="Method"/>. Default null.</summary>
    public RopeScaling? RopeScaling { get; init; }

    /// <summary>The adapter that trains, for example <see cref="ContinuedPretraining.LongLoraAdapter"/>; null (the default) for all weights.</summary>
    public LoraOptions? Adapter { get; init; }

    /// <summary>Whether a trained adapter is added into the weights, and a whole model saved instead of an adapter. Needs an <see cref="Adapter"/>. Default false.</summary>
    public bool MergesAdapter { get; init; }

    /// <summary>How sequences are packed; null (the default) for the recipe's own packing to the context.</summary>
    public StreamingPackerOptions? Packing { get; init; }

    /// <summary>How the trainer trains; null (the default) for the recipe's own settings. To change some of them: <c>ContinuedPretraining.DefaultTrainer with { Steps = 200 }</c>.</summary>
    public TrainerOptions? Trainer { get; init; }

    /// <summary>Folder that the trained model goes to: a Hugging Face folder, or PEFT's with an adapter. Null (the default): nothing is saved.</summary>
    public string? OutputFolder { get; init; }

    /// <summary>What cannot be used, a sentence each, of the options that do not depend on the model.</summary>
    internal IEnumerable<string> Faults()
    {
        if (Method is { } method && !Enum.IsDefined(method)) yield return $"Method is {method}, which is none of its values";
        if (Method is not null && RopeScaling is not null) yield return $"Method is {Method} and RopeScaling {RopeScaling}: give one of the two";
        if (MergesAdapter && Adapter is null) yield return "MergesAdapter is set, but Adapter is not";
        if (OutputFolder is { } folder && string.IsNullOrWhiteSpace(folder)) yield return "OutputFolder must name a folder, but is empty";
        foreach (string fault in Adapter is null ? [] : LoraOptionsFaults.Of(Adapter)) yield return "Adapter." + fault.TrimEnd('.');
        foreach (string fault in Packing?.Faults() ?? []) yield return "Packing." + fault;
        foreach (string fault in Trainer?.Faults() ?? []) yield return "Trainer." + fault;
        foreach (string fault in OwnFaults()) yield return fault;
    }

    private protected abstract IEnumerable<string> OwnFaults();
}
