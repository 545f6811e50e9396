using System.Runtime.InteropServices;

namespace LongContext.Evaluation.Metrics;

/// <summary>ROUGE over numbered words.</summary>
internal static class RougeAlgorithm
{
    /// <summary>ROUGE-N: n-grams in common, each as often as both sides have it.</summary>
    public static PrecisionRecall Grams(int[] prediction, int[] reference, int n)
    {
        int[] predicted = NumberGrams(prediction, reference, n, out int[] wanted);
        Dictionary<int, int> left = Count(wanted);
        int hits = 0;
        foreach (int gram in predicted)
        {
            ref int count = ref CollectionsMarshal.GetValueRefOrNullRef(left, gram);
            if (System.Runtime.CompilerServices.Unsafe.IsNullRef(ref count) || count == 0) continue;
            count--;
            hits++;
        }

        return PrecisionRecall.Of(hits, predicted.Length, wanted.Length);
    }

    /// <summary>ROUGE-L: the longest common subsequence of all words.</summary>
    public static PrecisionRecall Subsequence(int[] prediction, int[] reference)
    {
        int common = (prediction.Length + reference.Length - Levenshtein.IndelDistance<int>(prediction, reference)) / 2;
        return PrecisionRecall.Of(common, prediction.Length, reference.Length);
    }

    /// <summary>
    /// ROUGE-Lsum: the words of a reference's line that are in its common subsequence with any line of the prediction; over all lines, each word
    /// at most as often as both sides have it.
    /// </summary>
    /// <param name="prediction">Words of each line, numbers below the alphabet's size.</param>
    /// <param name="reference">The same.</param>
    /// <param name="alphabetSize">How many different words there are.</param>
    public static PrecisionRecall UnitedSubsequences(int[][] prediction, int[][] reference, int alphabetSize)
    {
        var common = new CommonSubsequence(alphabetSize);
        int predicted = prediction.Sum(line => line.Length), wanted = reference.Sum(line => line.Length);
        Dictionary<int, int> leftOfPrediction = Count(prediction.SelectMany(line => line)), leftOfReference = Count(reference.SelectMany(line => line));
        int hits = 0;
        foreach (int[] line in reference)
        {
            bool[] united = new bool[line.Length];
            common.SetRows(line);
            foreach (int[] other in prediction) common.Mark(other, united);
            for (int i = 0; i < line.Length; i++)
            {
                if (!united[i] || !leftOfPrediction.TryGetValue(line[i], out int left) || left == 0 || leftOfReference[line[i]] == 0) continue;
                leftOfPrediction[line[i]]--;
                leftOfReference[line[i]]--;
                hits++;
            }
        }

        return PrecisionRecall.Of(hits, predicted, wanted);
    }

    private static Dictionary<int, int> Count(IEnumerable<int> items)
    {
        Dictionary<int, int> counts = [];
        foreach (int item in items) CollectionsMarshal.GetValueRefOrAddDefault(counts, item, out _)++;
        return counts;
    }

    /// <summary>Each n-gram as a number: an (n − 1)-gram and the word after it are a pair, and equal pairs have the same number.</summary>
    private static int[] NumberGrams(int[] first, int[] second, int n, out int[] secondGrams)
    {
        int[] firstGrams = first;
        secondGrams = second;
        for (int length = 2; length <= n; length++)
        {
            Dictionary<(int Before, int Last), int> numbers = [];
            firstGrams = Extend(firstGrams, first, length, numbers);
            secondGrams = Extend(secondGrams, second, length, numbers);
        }

        return firstGrams;
    }

    private static int[] Extend(int[] grams, int[] words, int length, Dictionary<(int Before, int Last), int> numbers)
    {
        int[] extended = new int[Math.Max(0, words.Length - length + 1)];
        for (int i = 0; i < extended.Length; i++)
        {
            (int, int) pair = (grams[i], words[i + length - 1]);
            if (!numbers.TryGetValue(pair, out extended[i])) numbers[pair] = extended[i] = numbers.Count;
        }

        return extended;
    }
}
