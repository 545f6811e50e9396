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
        if (!Enum.IsDefined(Algorithm)) faults.Add($"{nameof(Algorithm)} is {Algorithm}, expected one of {Names<PackingAlgorithm>()}");
        if (!Enum.IsDefined(Overlength)) faults.Add($"{nameof(Overlength)} is {Overlength}, expected one of {Names<OverlengthPolicy>()}");
        if (!Enum.IsDefined(LossWeighting)) faults.Add($"{nameof(LossWeighting)} is {LossWeighting}, expected one of {Names<LossWeighting>()}");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(SequencePackerOptions)}: {string.Join("; ", faults)}.");
    }

    private static string Names<TEnum>()
        where TEnum : struct, Enum => string.Join(", ", Enum.GetNames<TEnum>());
}
