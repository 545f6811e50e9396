namespace LongContext.Packing;

/// <summary>Options of a <see cref="SequencePacker"/>.</summary>
public sealed class SequencePackerOptions
{
    /// <summary>Most tokens in a pack, at least 1. Required.</summary>
    public required int ContextLength { get; init; }

    /// <summary>How documents are spread over packs. Default: <see cref="PackingAlgorithm.BestFitDecreasing"/>.</summary>
    public PackingAlgorithm Algorithm { get; init; } = PackingAlgorithm.BestFitDecreasing;

    /// <summary>What happens to sequences longer than the context. Default: <see cref="OverlengthPolicy.Refuse"/>.</summary>
    public OverlengthPolicy Overlength { get; init; } = OverlengthPolicy.Refuse;

    /// <summary>What a target token weighs in the loss. Default: <see cref="LossWeighting.PerToken"/>.</summary>
    public LossWeighting LossWeighting { get; init; } = LossWeighting.PerToken;

    internal void Validate()
    {
        List<string> faults = [];
        if (ContextLength < 1) faults.Add($"{nameof(ContextLength)} is {ContextLength}, expected at least 1");
        CheckDefined(Algorithm, nameof(Algorithm), faults);
        CheckDefined(Overlength, nameof(Overlength), faults);
        CheckDefined(LossWeighting, nameof(LossWeighting), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(SequencePackerOptions)}: {string.Join("; ", faults)}.");
    }

    private static void CheckDefined<TEnum>(TEnum value, string name, List<string> faults)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value)) faults.Add($"{name} is {value}, expected one of {string.Join(", ", Enum.GetNames<TEnum>())}");
    }
}
