namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="FillInTheMiddleMaker"/>.</summary>
public sealed class FillInTheMiddleOptions
{
    /// <summary>What the model is told with. Required; <see cref="FillInTheMiddleFormat"/> has those of the known models.</summary>
    public required FillInTheMiddleFormat Format { get; init; }

    /// <summary>Share of the documents whose middle is moved, 0 to 1; the others stay as they are. Default: 0.5.</summary>
    public double Rate { get; init; } = 0.5;

    /// <summary>
    /// Share of the order suffix, prefix, middle among them, 0 to 1. Null, the default, is one half where the format knows both orders, else all of the
    /// one it knows.
    /// </summary>
    public double? SpmShare { get; init; }

    /// <summary>What counts. Default: <see cref="FillInTheMiddleLoss.Everything"/>, as published.</summary>
    public FillInTheMiddleLoss Loss { get; init; } = FillInTheMiddleLoss.Everything;

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    internal double EffectiveSpmShare => SpmShare ?? (Format.SuffixPrefixMiddle is null ? 0 : Format.PrefixSuffixMiddle is null ? 1 : 0.5);

    internal void Validate()
    {
        List<string> faults = [];
        if (Format is null) faults.Add($"{nameof(Format)} is null");
        else Format.AddFaults(faults);
        if (!(Rate is >= 0 and <= 1)) faults.Add(FormattableString.Invariant($"{nameof(Rate)} is {Rate}, expected 0 to 1"));
        if (SpmShare is { } share && !(share is >= 0 and <= 1)) faults.Add(FormattableString.Invariant($"{nameof(SpmShare)} is {share}, expected 0 to 1"));
        if (Format is { SuffixPrefixMiddle: null } && SpmShare > 0) faults.Add(FormattableString.Invariant($"{nameof(SpmShare)} is {SpmShare}, but {Format.Name} knows no suffix before prefix"));
        if (Format is { PrefixSuffixMiddle: null } && SpmShare < 1) faults.Add(FormattableString.Invariant($"{nameof(SpmShare)} is {SpmShare}, but {Format.Name} knows no prefix before suffix"));
        if (!Enum.IsDefined(Loss)) faults.Add($"{nameof(Loss)} is {Loss}, expected Everything or Middle");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(FillInTheMiddleOptions)}: {string.Join("; ", faults)}.");
    }
}
