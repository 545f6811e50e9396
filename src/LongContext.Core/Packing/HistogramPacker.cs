namespace LongContext.Packing;

/// <summary>
/// Packs a whole data set by its histogram of lengths: the work is per distinct length and per way of filling a pack, not per sequence,
/// so that millions of sequences take milliseconds.
/// </summary>
/// <remarks>
/// <para>Krell, Kosec, Perez and Fitzgibbon, "Efficient sequence packing without cross-contamination" (arXiv 2107.02027), call packing by
/// counts "histogram packing". Without a limit of documents per pack it is best-fit decreasing, to the pack: the numbers of packs and their fills are those of
/// <see cref="PackingAlgorithm.BestFitDecreasing"/> over the single lengths.</para>
/// <para>Where packs may hold few documents only, best fit wastes room: it gives the long documents the partner that fills their pack, and the
/// short ones are left to each other. With <see cref="HistogramPackerOptions.MaximumDocuments"/> from 3 on, and up to 4,096 distinct lengths, packs
/// are also filled by pairs, and the packing with fewer packs is taken.</para>
/// <para>Deterministic. Safe for use by several threads.</para>
/// </remarks>
public sealed class HistogramPacker
{
    private readonly HistogramPackerOptions options;

    /// <summary>Makes a packer.</summary>
    /// <param name="options">What to pack for.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public HistogramPacker(HistogramPackerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        this.options = options;
    }

    /// <summary>Finds how to fill the packs.</summary>
    /// <param name="histogram">The lengths of the data set. May be empty.</param>
    /// <returns>The ways of filling a pack and how often each is used; <see cref="HistogramPacking.Assign"/> tells which sequence goes where.</returns>
    /// <exception cref="ArgumentException">A length is above the context length.</exception>
    public HistogramPacking Pack(LengthHistogram histogram)
    {
        ArgumentNullException.ThrowIfNull(histogram);
        if (histogram.MaximumLength > options.ContextLength)
        {
            throw new ArgumentException(
                $"The longest of {histogram.SequenceCount} sequences has {histogram.MaximumLength} tokens, more than the context length of {options.ContextLength}. "
                + "Split or shorten such sequences first.",
                nameof(histogram));
        }

        int most = options.MaximumDocuments ?? int.MaxValue;
        List<PackStrategy> strategies = BestFitByCounts.Pack(histogram, options.ContextLength, most);
        if (options.MaximumDocuments >= 3 && histogram.Lengths.Length <= PairCompletion.MostLengths)
        {
            List<PackStrategy> others = PairCompletion.Pack(histogram, options.ContextLength, most);
            if (others.Sum(strategy => strategy.Count) < strategies.Sum(strategy => strategy.Count)) strategies = others;
        }

        return new HistogramPacking(histogram, options, strategies);
    }
}
