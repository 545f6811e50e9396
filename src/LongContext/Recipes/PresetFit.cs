using LongContext.Checkpoints;
using LongContext.Training.Memory;

namespace LongContext.Recipes;

/// <summary>What a preset comes to on a card, as <see cref="MemoryPlanner"/> predicts it; not measured on such a card.</summary>
/// <param name="Preset">The preset.</param>
/// <param name="CardGigabytes">The card's memory as it is sold, in 10⁹ bytes.</param>
/// <param name="MaximumContext">Longest pack of one document that fits, in tokens; 0 where none does.</param>
/// <param name="Plan">The plan at <see cref="Context"/>; null where nothing fits.</param>
public sealed record PresetFit(TrainingPreset Preset, int CardGigabytes, int MaximumContext, MemoryPlan? Plan)
{
    /// <summary>Cards that the documentation's table is of, in 10⁹ bytes, each with the host memory that is assumed beside it.</summary>
    public static IReadOnlyList<(int CardGigabytes, int HostGigabytes)> Cards { get; } = [(24, 48), (48, 96), (80, 192)];

    /// <summary>The largest power of two not above <see cref="MaximumContext"/>: a context to train at. 0 where nothing fits.</summary>
    public int Context => Plan?.Estimate.Tokens ?? 0;

    /// <summary>The activation policy at <see cref="Context"/> in words.</summary>
    public string Policy => Plan is null ? "does not fit" : MemoryEstimate.Describe(Plan.Policy);

    /// <summary>Asks the planner.</summary>
    /// <param name="preset">The preset.</param>
    /// <param name="config">The model, for example of <see cref="ReferenceModels"/>.</param>
    /// <param name="cardGigabytes">The card's memory as it is sold, in 10⁹ bytes.</param>
    /// <param name="hostGigabytes">The host's memory that may be used, in 10⁹ bytes; null (the default) for no limit.</param>
    /// <exception cref="ArgumentException">A value cannot be used.</exception>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static PresetFit Of(TrainingPreset preset, ModelConfig config, int cardGigabytes, int? hostGigabytes = null)
    {
        ArgumentNullException.ThrowIfNull(preset);
        MemoryRequest request = preset.Request(config, cardGigabytes, hostGigabytes);
        int maximum = MemoryPlanner.MaximumContext(request);
        return new PresetFit(preset, cardGigabytes, maximum, maximum == 0 ? null : MemoryPlanner.Plan(request, 1 << int.Log2(maximum)));
    }

    /// <summary>Every preset on every card of <see cref="Cards"/>.</summary>
    /// <param name="config">The model.</param>
    /// <exception cref="NotSupportedException">The model's family is not supported.</exception>
    public static IReadOnlyList<PresetFit> Table(ModelConfig config) =>
        [.. TrainingPreset.All.SelectMany(preset => Cards.Select(card => Of(preset, config, card.CardGigabytes, card.HostGigabytes)))];

    /// <summary>In a line: "131,072 tokens (up to 145,408), 21.1 GB on the card, 12.9 GB on the host; layers computed again".</summary>
    public override string ToString() => Plan is null ? "does not fit" : FormattableString.Invariant(
        $"{Context:N0} tokens (up to {MaximumContext:N0}), {Plan.Estimate.DeviceBytes / 1e9:F1} GB on the card, {Plan.Estimate.HostBytes / 1e9:F1} GB on the host; {Policy}");
}
