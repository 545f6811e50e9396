namespace LongContext.Packing;

/// <summary>How full packs are, and how far their number is from the least that any packing could do with.</summary>
public sealed record PackingOptimality
{
    /// <summary>Sequences packed.</summary>
    public required long Sequences { get; init; }

    /// <summary>Tokens in them.</summary>
    public required long Tokens { get; init; }

    /// <summary>Packs made.</summary>
    public required long Packs { get; init; }

    /// <summary>Most tokens in a pack.</summary>
    public required int ContextLength { get; init; }

    /// <summary>No packing has fewer packs: ⌈tokens / context length⌉, as if sequences could be cut anywhere.</summary>
    public required long TokenBound { get; init; }

    /// <summary>
    /// No packing has fewer packs: the bound L2 of Martello and Toth ("Lower bounds and reduction procedures for the bin packing problem",
    /// 1990), which counts that sequences longer than half a pack never share one. At least <see cref="TokenBound"/>.
    /// </summary>
    public required long MartelloTothBound { get; init; }

    /// <summary>No packing has fewer packs: the largest bound that is known, that of a limit of documents per pack included.</summary>
    public required long LowerBound { get; init; }

    /// <summary>Packs above <see cref="LowerBound"/>: at most so many could be saved.</summary>
    public long ExcessPacks => Packs - LowerBound;

    /// <summary>Packs / lower bound − 1: at most this share more than needed. 0 where there is nothing.</summary>
    public double Gap => LowerBound == 0 ? 0 : (double)ExcessPacks / LowerBound;

    /// <summary>Share of the packs' room that tokens fill, from 0 to 1; 0 where there is nothing.</summary>
    public double FillRate => Packs == 0 ? 0 : Tokens / ((double)Packs * ContextLength);

    /// <summary>Room that is left; padding, where packs are padded.</summary>
    public Int128 PaddingTokens => ((Int128)Packs * ContextLength) - Tokens;

    /// <summary>
    /// Mean documents per pack, the "packing factor" of Krell et al.: how many times fewer packs there are than sequences. 0 where there is nothing.
    /// </summary>
    public double PackingFactor => Packs == 0 ? 0 : (double)Sequences / Packs;

    /// <summary>Compares a number of packs with what a data set needs at least.</summary>
    /// <param name="histogram">The data set's lengths, none above the context length.</param>
    /// <param name="contextLength">Most tokens in a pack.</param>
    /// <param name="packs">Packs made of it, by any algorithm.</param>
    /// <param name="maximumDocuments">Most documents in a pack, or null (the default) for no limit.</param>
    /// <exception cref="ArgumentException">A length is above the context length, or there are fewer packs than the data set needs.</exception>
    public static PackingOptimality Of(LengthHistogram histogram, int contextLength, long packs, int? maximumDocuments = null)
    {
        ArgumentNullException.ThrowIfNull(histogram);
        HistogramPackerOptions options = new() { ContextLength = contextLength, MaximumDocuments = maximumDocuments };
        options.Validate();
        if (histogram.MaximumLength > contextLength)
            throw new ArgumentException($"The longest sequence has {histogram.MaximumLength} tokens, more than the context length of {contextLength}.", nameof(histogram));
        PackingOptimality optimality = Of(histogram, options, packs);
        return packs >= optimality.LowerBound ? optimality
            : throw new ArgumentException($"{packs} packs cannot hold these sequences, which need at least {optimality.LowerBound}.", nameof(packs));
    }

    internal static PackingOptimality Of(LengthHistogram histogram, HistogramPackerOptions options, long packs)
    {
        long martelloToth = PackingBounds.MartelloToth(histogram, options.ContextLength);
        return new PackingOptimality
        {
            Sequences = histogram.SequenceCount,
            Tokens = histogram.TokenCount,
            Packs = packs,
            ContextLength = options.ContextLength,
            TokenBound = PackingBounds.Quotient(histogram.TokenCount, options.ContextLength),
            MartelloTothBound = martelloToth,
            LowerBound = Math.Max(martelloToth, PackingBounds.OfDocuments(histogram, options.ContextLength, options.MaximumDocuments ?? int.MaxValue)),
        };
    }
}
