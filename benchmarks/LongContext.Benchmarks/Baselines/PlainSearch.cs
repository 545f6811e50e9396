using System.Text.RegularExpressions;

namespace LongContext.Benchmarks.Baselines;

/// <summary>Retrieval as it is written first: chunks of a fixed size, a dictionary of counts for each, BM25 by the book; and a loop over all vectors.</summary>
internal static partial class PlainSearch
{
    /// <summary>Places from 0 of the best chunks, the best first.</summary>
    public static int[] Bm25(string text, string question, int size, int count)
    {
        string[] chunks = [.. Enumerable.Range(0, (text.Length + size - 1) / size).Select(i => text[(i * size)..Math.Min(text.Length, (i + 1) * size)])];
        Dictionary<string, int>[] counts = [.. chunks.Select(chunk => Words(chunk).GroupBy(word => word).ToDictionary(group => group.Key, group => group.Count()))];
        double mean = counts.Average(words => words.Values.Sum());
        double[] scores = [.. counts.Select(words => Words(question).Sum(term =>
        {
            if (!words.TryGetValue(term, out int frequency)) return 0;
            int with = counts.Count(other => other.ContainsKey(term));
            double idf = Math.Log(1 + ((chunks.Length - with + 0.5) / (with + 0.5)));
            return idf * frequency / (frequency + (1.2 * (0.25 + (0.75 * words.Values.Sum() / mean))));
        }))];
        return [.. Enumerable.Range(0, chunks.Length).OrderByDescending(i => scores[i]).Take(count)];
    }

    /// <summary>Places of the vectors with the highest cosine.</summary>
    public static int[] Nearest(float[] query, IReadOnlyList<float[]> vectors, int count)
    {
        double[] cosines = [.. vectors.Select(vector =>
        {
            double dot = 0, left = 0, right = 0;
            for (int i = 0; i < vector.Length; i++)
            {
                dot += query[i] * vector[i];
                left += query[i] * query[i];
                right += vector[i] * vector[i];
            }

            return dot / Math.Sqrt(left * right);
        })];
        return [.. Enumerable.Range(0, cosines.Length).OrderByDescending(i => cosines[i]).Take(count)];
    }

    private static IEnumerable<string> Words(string text) => Word().Matches(text.ToLowerInvariant()).Select(match => match.Value);

    [GeneratedRegex(@"[\p{L}\p{M}\p{Nd}]+")]
    private static partial Regex Word();
}
