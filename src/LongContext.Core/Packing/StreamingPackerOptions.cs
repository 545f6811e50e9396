using System.Globalization;

namespace LongContext.Packing;

/// <summary>Options of a <see cref="StreamingPacker"/>.</summary>
public sealed record StreamingPackerOptions
{
    /// <summary>Most tokens in a pack, at least 1. Required.</summary>
    public required int ContextLength { get; init; }

    /// <summary>How documents are spread over packs. Default: <see cref="PackingAlgorithm.BestFitDecreasing"/>.</summary>
    public PackingAlgorithm Algorithm { get; init; } = PackingAlgorithm.BestFitDecreasing;

    /// <summary>What happens to sequences longer than the context. Default: <see cref="OverlengthPolicy.Refuse"/>.</summary>
    public OverlengthPolicy Overlength { get; init; } = OverlengthPolicy.Refuse;

    /// <summary>What a target token weighs in the loss. Default: <see cref="LossWeighting.PerToken"/>.</summary>
    public LossWeighting LossWeighting { get; init; } = LossWeighting.PerToken;

    /// <summary>
    /// Documents to look ahead over, at least 1. Default 4,096. Reading goes on past them until two contexts' worth of tokens are there
    /// (without that, short documents could not fill a pack).
    /// </summary>
    public int WindowDocuments { get; init; } = 4096;

    /// <summary>
    /// Tokens to look ahead over, whatever the number of documents: reading stops once they are reached. From two contexts' worth to
    /// 2³⁰. Default: null, 64 contexts' worth, but no more than 2²⁴ tokens (they are part of each checkpoint) where two contexts are not more.
    /// </summary>
    public int? WindowTokens { get; init; }

    /// <summary>
    /// A pack filled less than this waits with its documents for the next window, if half the window is left for new ones; from 0 to 1.
    /// Default 0.98. <see cref="PackingAlgorithm.NextFit"/> takes no notice of it: only its last, open pack waits.
    /// </summary>
    public double MinimumFill { get; init; } = 0.98;

    /// <summary>Windows after which a document waits no longer, however its pack is filled; at least 1. Default 8.</summary>
    public int MaximumWindows { get; init; } = 8;

    /// <summary>The order in which a window's packs are handed out. Default: <see cref="PackOrder.AsPacked"/>.</summary>
    public PackOrder Order { get; init; } = PackOrder.AsPacked;

    /// <summary>
    /// Null (the default) to pack. Else sorted batching as LongAlign has it (arXiv 2401.18058, sort_and_group.py): nothing is packed, every
    /// document is a pack of its own, and this many packs in a row, a batch, are documents of similar length: a window's documents are
    /// sorted by length and cut into batches, which come in random order, in each the longest document first. Set it to
    /// <c>TrainerOptions.GradientAccumulationSteps</c>, so that a batch is a step. At least 1.
    /// </summary>
    public int? SortedBatchSize { get; init; }

    /// <summary>Seed of shuffled packs and batches. Default 0.</summary>
    public int Seed { get; init; }

    /// <summary>Tokens of a window, the default filled in.</summary>
    internal int EffectiveWindowTokens => WindowTokens ?? (int)Math.Max(Math.Min(64L * ContextLength, DefaultWindowTokens), 2L * ContextLength);

    private const int MaximumWindowTokens = 1 << 30, DefaultWindowTokens = 1 << 24;

    internal void Validate()
    {
        if (Faults() is { Count: > 0 } faults) throw new ArgumentException($"{nameof(StreamingPackerOptions)}: {string.Join("; ", faults)}.");
    }

    /// <summary>What cannot be used, a sentence each.</summary>
    internal List<string> Faults()
    {
        List<string> faults = [];
        if (ContextLength is < 1 or > MaximumWindowTokens / 2) faults.Add($"{nameof(ContextLength)} is {ContextLength}, expected 1 to {MaximumWindowTokens / 2}");
        CheckDefined(Algorithm, nameof(Algorithm), faults);
        CheckDefined(Overlength, nameof(Overlength), faults);
        CheckDefined(LossWeighting, nameof(LossWeighting), faults);
        CheckDefined(Order, nameof(Order), faults);
        if (WindowDocuments < 1) faults.Add($"{nameof(WindowDocuments)} is {WindowDocuments}, expected at least 1");
        if (WindowTokens is { } tokens && (tokens < 2L * ContextLength || tokens > MaximumWindowTokens))
            faults.Add($"{nameof(WindowTokens)} is {tokens}, expected two contexts' worth ({2L * ContextLength}) to {MaximumWindowTokens}");
        if (!(MinimumFill is >= 0 and <= 1)) faults.Add($"{nameof(MinimumFill)} is {MinimumFill}, expected 0 to 1");
        if (MaximumWindows < 1) faults.Add($"{nameof(MaximumWindows)} is {MaximumWindows}, expected at least 1");
        if (SortedBatchSize is < 1) faults.Add($"{nameof(SortedBatchSize)} is {SortedBatchSize}, expected at least 1");
        if (SortedBatchSize is not null && Order != PackOrder.AsPacked) faults.Add($"{nameof(Order)} is {Order}, but with {nameof(SortedBatchSize)} batches have an order of their own");
        return faults;
    }

    /// <summary>What a state must agree in to be gone on from.</summary>
    internal IEnumerable<(string Name, string Value)> Settings() =>
    [
        (nameof(ContextLength), Text(ContextLength)),
        (nameof(Algorithm), Algorithm.ToString()),
        (nameof(Overlength), Overlength.ToString()),
        (nameof(LossWeighting), LossWeighting.ToString()),
        (nameof(WindowDocuments), Text(WindowDocuments)),
        (nameof(WindowTokens), Text(EffectiveWindowTokens)),
        (nameof(MinimumFill), MinimumFill.ToString("R", CultureInfo.InvariantCulture)),
        (nameof(MaximumWindows), Text(MaximumWindows)),
        (nameof(Order), Order.ToString()),
        (nameof(SortedBatchSize), SortedBatchSize is { } size ? Text(size) : "none"),
        (nameof(Seed), Text(Seed)),
    ];

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static void CheckDefined<TEnum>(TEnum value, string name, List<string> faults)
        where TEnum : struct, Enum
    {
        if (!Enum.IsDefined(value)) faults.Add($"{name} is {value}, expected one of {string.Join(", ", Enum.GetNames<TEnum>())}");
    }
}
