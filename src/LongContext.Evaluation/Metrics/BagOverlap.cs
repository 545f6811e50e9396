namespace LongContext.Evaluation.Metrics;

/// <summary>What two bags of words or characters have in common, each as often as it stands in both.</summary>
internal static class BagOverlap
{
    /// <summary>Share of the common ones on either side; 0 of nothing.</summary>
    public static PrecisionRecall Of<T>(IReadOnlyCollection<T> predicted, IReadOnlyCollection<T> wanted)
        where T : notnull
    {
        Dictionary<T, int> left = [];
        foreach (T one in wanted) left[one] = left.GetValueOrDefault(one) + 1;
        int common = 0;
        foreach (T one in predicted)
        {
            int count = left.GetValueOrDefault(one);
            if (count == 0) continue;
            left[one] = count - 1;
            common++;
        }

        return PrecisionRecall.Of(common, predicted.Count, wanted.Count);
    }
}
