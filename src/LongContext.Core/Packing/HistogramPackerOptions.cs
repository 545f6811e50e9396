namespace LongContext.Packing;

/// <summary>Options of a <see cref="HistogramPacker"/>.</summary>
public sealed record HistogramPackerOptions
{
    /// <summary>Most tokens in a pack, at least 1. Required.</summary>
    public required int ContextLength { get; init; }

    /// <summary>
    /// Most documents in a pack, at least 1 (the "packing depth" of Krell et al.). Default: null, as many as fit.
    /// </summary>
    public int? MaximumDocuments { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (ContextLength < 1) faults.Add($"{nameof(ContextLength)} is {ContextLength}, expected at least 1");
        if (MaximumDocuments is < 1) faults.Add($"{nameof(MaximumDocuments)} is {MaximumDocuments}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(HistogramPackerOptions)}: {string.Join("; ", faults)}.");
    }
}
