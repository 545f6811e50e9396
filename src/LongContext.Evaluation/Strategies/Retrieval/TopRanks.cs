namespace LongContext.Evaluation.Strategies.Retrieval;

/// <summary>The best of many scores.</summary>
internal static class TopRanks
{
    /// <summary>The highest scores, the first of equal ones first; NaN is the lowest.</summary>
    public static RankedChunk[] Of(ReadOnlySpan<double> scores, int count)
    {
        count = Math.Min(count, scores.Length);
        // The worst of those kept is at the queue's front; most scores are not above it.
        PriorityQueue<int, RankedChunk> kept = new(count + 1, WorstFirst.Instance);
        double worst = double.NaN;
        for (int i = 0; i < scores.Length; i++)
        {
            if (kept.Count < count) kept.Enqueue(i, new RankedChunk(i, scores[i]));
            else if (scores[i].CompareTo(worst) > 0) kept.EnqueueDequeue(i, new RankedChunk(i, scores[i]));
            else continue;
            if (kept.TryPeek(out _, out RankedChunk last)) worst = last.Score;
        }

        RankedChunk[] best = new RankedChunk[count];
        for (int i = count - 1; i >= 0; i--)
        {
            kept.TryDequeue(out _, out best[i]);
        }

        return best;
    }

    private sealed class WorstFirst : IComparer<RankedChunk>
    {
        public static WorstFirst Instance { get; } = new();

        public int Compare(RankedChunk x, RankedChunk y)
        {
            int order = x.Score.CompareTo(y.Score);
            return order != 0 ? order : y.Index.CompareTo(x.Index);
        }
    }
}
