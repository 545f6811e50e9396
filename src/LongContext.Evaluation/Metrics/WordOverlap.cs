using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace LongContext.Evaluation.Metrics;

/// <summary>F1 of two bags of words, as SQuAD's script has it and many others repeat.</summary>
internal static class WordOverlap
{
    /// <summary>2 p r / (p + r), each word counted as often as both sides have it; 0 where they share none, so also for two empty sides.</summary>
    public static double F1(IReadOnlyCollection<string> prediction, IReadOnlyCollection<string> reference)
    {
        Dictionary<string, int> left = new(StringComparer.Ordinal);
        foreach (string word in reference) CollectionsMarshal.GetValueRefOrAddDefault(left, word, out _)++;
        int common = 0;
        foreach (string word in prediction)
        {
            ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(left, word);
            if (Unsafe.IsNullRef(ref count) || count == 0) continue;
            count--;
            common++;
        }

        if (common == 0) return 0;
        double precision = (double)common / prediction.Count, recall = (double)common / reference.Count;
        return 2 * precision * recall / (precision + recall);
    }
}
