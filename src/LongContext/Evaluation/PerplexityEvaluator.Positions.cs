using LongContext.Evaluation.Metrics;
using LongContext.Packing;

namespace LongContext.Evaluation;

/// <summary>Loss by position in the document.</summary>
public sealed partial class PerplexityEvaluator
{
    /// <summary>
    /// Mean loss by position within documents: where it stops falling, the model stops using more context; where it rises, it breaks.
    /// A token at position p is predicted from the p tokens of its document before it.
    /// </summary>
    /// <param name="packs">The packs; documents of the full length tell most, since positions of few documents compare different text.</param>
    /// <param name="boundaries">
    /// Ascending positions at which ranges begin, the first at least 1; the last range ends where they end. Null (the default): 1 and
    /// the powers of two from 64 on, as far as there are positions.
    /// </param>
    /// <param name="cancellationToken">Checked before each pack.</param>
    /// <returns>One sum for each range that begins within the documents.</returns>
    /// <exception cref="ArgumentException">The boundaries do not ascend from 1 or more.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IReadOnlyList<LossAtPositions> EvaluateByPosition(
        IEnumerable<PackedBatch> packs, IReadOnlyList<int>? boundaries = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(packs);
        boundaries ??= [1, .. Enumerable.Range(6, 25).Select(power => 1 << power)];
        if (boundaries.Count == 0 || boundaries[0] < 1 || boundaries.Zip(boundaries.Skip(1)).Any(pair => pair.First >= pair.Second))
            throw new ArgumentException($"Boundaries must be ascending positions from 1 on, but are [{string.Join(", ", boundaries)}].", nameof(boundaries));

        var sums = new PerplexityAccumulator[boundaries.Count];
        for (int i = 0; i < sums.Length; i++) sums[i] = new PerplexityAccumulator();
        int end = 0;
        foreach (PackedBatch pack in packs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            IReadOnlyList<float> losses = TokenLosses(pack);
            int next = 0;
            for (int t = 0; t < pack.TokenCount; t++)
            {
                if (pack.Labels.Span[t] == PackedBatch.Ignored) continue;
                float loss = losses[next++];
                int position = pack.PositionIds.Span[t] + 1; // the label's own
                end = Math.Max(end, position + 1);
                if (RangeOf(boundaries, position) is >= 0 and int range) sums[range].Add(loss, tokenCount: 1);
            }
        }

        return
        [
            .. Enumerable.Range(0, sums.Length).Where(i => boundaries[i] < end)
                .Select(i => new LossAtPositions(boundaries[i], i + 1 < sums.Length ? Math.Min(boundaries[i + 1], end) : end, sums[i])),
        ];
    }

    /// <summary>The last range that begins at or before the position; −1 before the first.</summary>
    private static int RangeOf(IReadOnlyList<int> boundaries, int position)
    {
        int low = 0, high = boundaries.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (boundaries[middle] <= position) low = middle + 1;
            else high = middle;
        }

        return low - 1;
    }
}
