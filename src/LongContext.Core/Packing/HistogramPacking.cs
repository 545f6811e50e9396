using LongContext.Data;

namespace LongContext.Packing;

/// <summary>How a data set's packs are filled, by lengths; <see cref="Assign"/> turns it into sequences.</summary>
public sealed class HistogramPacking
{
    internal HistogramPacking(LengthHistogram histogram, HistogramPackerOptions options, IReadOnlyList<PackStrategy> strategies)
    {
        Histogram = histogram;
        ContextLength = options.ContextLength;
        Strategies = strategies;
        Optimality = PackingOptimality.Of(histogram, options, strategies.Sum(strategy => strategy.Count));
    }

    /// <summary>The lengths that were packed.</summary>
    public LengthHistogram Histogram { get; }

    /// <summary>Most tokens in a pack.</summary>
    public int ContextLength { get; }

    /// <summary>The ways of filling a pack, by their longest document, the longest first.</summary>
    public IReadOnlyList<PackStrategy> Strategies { get; }

    /// <summary>Number of packs.</summary>
    public long PackCount => Optimality.Packs;

    /// <summary>How good the packing is, and how good one could be at most.</summary>
    public PackingOptimality Optimality { get; }

    /// <summary>Gives every sequence its pack.</summary>
    /// <param name="lengths">Each sequence's length: those of <see cref="Histogram"/>, in any order.</param>
    /// <param name="order">
    /// The packs' order. As packed: by their longest document, the longest first, and then the earliest sequence first. Default:
    /// <see cref="PackOrder.AsPacked"/>.
    /// </param>
    /// <param name="seed">Seed of <see cref="PackOrder.Shuffled"/>. Default 0.</param>
    /// <returns>The packs; in each the longest sequence first, equally long ones in the data set's order.</returns>
    /// <exception cref="ArgumentException">The lengths are not those that were packed; the message names the first difference.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The order is unknown.</exception>
    public PackAssignment Assign(ReadOnlySpan<int> lengths, PackOrder order = PackOrder.AsPacked, int seed = 0)
    {
        if (!Enum.IsDefined(order)) throw new ArgumentOutOfRangeException(nameof(order), order, "Expected AsPacked, LongestFirst or Shuffled.");
        IReadOnlyList<PackStrategy> ordered = order == PackOrder.LongestFirst ? [.. Strategies.OrderByDescending(strategy => strategy.AttentionCost)] : Strategies;
        PackAssignment packs = IndexDealing.Deal(lengths, Histogram, ordered);
        return order == PackOrder.Shuffled ? packs.Shuffled(new SplitMix64(seed, 0)) : packs;
    }
}
