using System.Numerics;
using System.Runtime.Intrinsics;

namespace LongContext.Generation.Sampling;

/// <summary>Passes over a row of scores, in vectors. Sums keep eight lanes whatever the machine, so that they come out the same.</summary>
internal static class ScoreRows
{
    /// <summary>The highest score.</summary>
    /// <param name="row">Scores, one at least.</param>
    /// <param name="hasNaN">Whether a score is not a number; the result means nothing then.</param>
    public static float Maximum(ReadOnlySpan<float> row, out bool hasNaN)
    {
        float highest = float.NegativeInfinity;
        bool bad = false;
        int i = 0;
        if (row.Length >= 2 * Vector<float>.Count)
        {
            Vector<float> one = new(float.NegativeInfinity), two = one;
            Vector<int> numbers = Vector<int>.AllBitsSet;
            int width = Vector<float>.Count;
            for (; i <= row.Length - (2 * width); i += 2 * width)
            {
                var x = new Vector<float>(row[i..]);
                var y = new Vector<float>(row[(i + width)..]);
                numbers &= Vector.Equals(x, x) & Vector.Equals(y, y);
                one = Vector.ConditionalSelect(Vector.GreaterThan(x, one), x, one);
                two = Vector.ConditionalSelect(Vector.GreaterThan(y, two), y, two);
            }

            bad = numbers != Vector<int>.AllBitsSet;
            for (int lane = 0; lane < width; lane++) highest = Math.Max(highest, Math.Max(one[lane], two[lane]));
        }

        for (; i < row.Length; i++)
        {
            bad |= float.IsNaN(row[i]);
            if (row[i] > highest) highest = row[i];
        }

        hasNaN = bad;
        return highest;
    }

    /// <summary>The first place of a score that is in the row.</summary>
    public static int FirstOf(ReadOnlySpan<float> row, float score)
    {
        int start = 0;
        var wanted = new Vector<float>(score);
        while (start <= row.Length - Vector<float>.Count && !Vector.EqualsAny(new Vector<float>(row[start..]), wanted)) start += Vector<float>.Count;
        while (row[start] != score) start++;
        return start;
    }

    /// <summary>A token's place in the row by falling score, from 1 on; of equal scores the lower id comes first.</summary>
    /// <param name="row">Scores without NaN.</param>
    /// <param name="token">The token.</param>
    public static int RankOf(ReadOnlySpan<float> row, int token)
    {
        float score = row[token];
        var own = new Vector<float>(score);
        Vector<int> above = default;
        int i = 0, rank = 1;
        for (; i <= row.Length - Vector<float>.Count; i += Vector<float>.Count) above -= Vector.GreaterThan(new Vector<float>(row[i..]), own);
        rank += Vector.Sum(above);
        for (; i < row.Length; i++) rank += row[i] > score ? 1 : 0;
        foreach (float before in row[..token]) rank += before == score ? 1 : 0;
        return rank;
    }

    /// <summary>weights[i] = exp((row[i] − highest) / temperature), in double.</summary>
    /// <returns>Their sum.</returns>
    /// <remarks>The difference first: however low the temperature, the likeliest weighs exp(0).</remarks>
    public static double Weigh(ReadOnlySpan<float> row, double highest, double temperature, Span<double> weights)
    {
        Vector256<double> top = Vector256.Create(highest), divisor = Vector256.Create(temperature);
        Vector256<double> one = default, two = default;
        int i = 0;
        for (; i <= row.Length - 8; i += 8)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(row.Slice(i, 8)));
            low = Exponential((low - top) / divisor);
            high = Exponential((high - top) / divisor);
            low.CopyTo(weights[i..]);
            high.CopyTo(weights[(i + 4)..]);
            one += low;
            two += high;
        }

        double sum = Vector256.Sum(one + two);
        for (; i < row.Length; i++) sum += weights[i] = Weight(row[i], highest, temperature);
        return sum;
    }

    /// <summary>exp((score − highest) / temperature), by every bit as <see cref="Weigh"/> has it.</summary>
    public static double Weight(float score, double highest, double temperature) => Exponential(Vector256.Create((score - highest) / temperature))[0];

    /// <summary>ln Σ exp(row).</summary>
    public static double LogSum(ReadOnlySpan<float> row, double highest)
    {
        Vector256<double> top = Vector256.Create(highest), one = default, two = default;
        int i = 0;
        for (; i <= row.Length - 8; i += 8)
        {
            (Vector256<double> low, Vector256<double> high) = Vector256.Widen(Vector256.Create(row.Slice(i, 8)));
            one += Exponential(low - top);
            two += Exponential(high - top);
        }

        double sum = Vector256.Sum(one + two);
        for (; i < row.Length; i++) sum += Math.Exp(row[i] - highest);
        return highest + Math.Log(sum);
    }

    /// <summary>Standard deviation of the scores that are not −∞, all of them being the population.</summary>
    public static double Deviation(ReadOnlySpan<float> row, double highest)
    {
        // Relative to the highest, which is near them: squares lose less.
        double sum = 0, squares = 0;
        int count = 0;
        foreach (float score in row)
        {
            if (float.IsNegativeInfinity(score)) continue;
            double difference = score - highest;
            sum += difference;
            squares += difference * difference;
            count++;
        }

        return count == 0 ? 0 : Math.Sqrt(Math.Max(0, (squares / count) - (sum / count * (sum / count))));
    }

    /// <summary>The sum of the weights that are at least a bound.</summary>
    public static double MassFrom(ReadOnlySpan<double> weights, double bound)
    {
        Vector256<double> least = Vector256.Create(bound), one = default, two = default;
        int i = 0;
        for (; i <= weights.Length - 8; i += 8)
        {
            Vector256<double> x = Vector256.Create(weights.Slice(i, 4)), y = Vector256.Create(weights.Slice(i + 4, 4));
            one += x & Vector256.GreaterThanOrEqual(x, least);
            two += y & Vector256.GreaterThanOrEqual(y, least);
        }

        double sum = Vector256.Sum(one + two);
        for (; i < weights.Length; i++) sum += weights[i] >= bound ? weights[i] : 0;
        return sum;
    }

    /// <summary>The k likeliest of a row.</summary>
    /// <param name="row">Scores without NaN.</param>
    /// <param name="count">k, 1 at least; scores of −∞ are left out.</param>
    /// <param name="keys">Where they go as <see cref="ScoreKeys"/>, in no order; as long as the row is enough for any k, and k is enough for k ≤ <see cref="HeapLimit"/>.</param>
    /// <returns>How many there are.</returns>
    public static int Likeliest(ReadOnlySpan<float> row, int count, Span<ulong> keys)
    {
        int filled = 0;
        if (count > HeapLimit)
        {
            for (int i = 0; i < row.Length; i++)
            {
                if (row[i] > float.NegativeInfinity) keys[filled++] = ScoreKeys.Of(row[i], i);
            }

            if (filled <= count) return filled;
            ScoreKeys.Select(keys[..filled], count);
            return count;
        }

        // A heap with the worst of the best on top; most blocks of the row have nothing better and are passed over by one comparison.
        float worst = float.NegativeInfinity;
        int block = Vector<float>.Count;
        for (int start = 0; start < row.Length; start += block)
        {
            ReadOnlySpan<float> part = row.Slice(start, Math.Min(block, row.Length - start));
            if (part.Length == block && !Vector.GreaterThanAny(new Vector<float>(part), new Vector<float>(worst))) continue;
            for (int i = 0; i < part.Length; i++)
            {
                // Of equal scores the earlier one stays.
                if (!(part[i] > worst)) continue;
                ulong key = ScoreKeys.Of(part[i], start + i);
                if (filled < count)
                {
                    keys[filled++] = key;
                    Rise(keys, filled - 1);
                }
                else
                {
                    keys[0] = key;
                    Sink(keys[..count]);
                }

                if (filled == count) worst = ScoreKeys.Score(keys[0]);
            }
        }

        return filled;
    }

    /// <summary>Up to so many are kept in a heap, more are selected among all.</summary>
    public const int HeapLimit = 512;

    private static void Rise(Span<ulong> heap, int place)
    {
        while (place > 0 && heap[place] > heap[(place - 1) / 2])
        {
            (heap[place], heap[(place - 1) / 2]) = (heap[(place - 1) / 2], heap[place]);
            place = (place - 1) / 2;
        }
    }

    private static void Sink(Span<ulong> heap)
    {
        int place = 0;
        while (true)
        {
            int child = (2 * place) + 1;
            if (child >= heap.Length) return;
            if (child + 1 < heap.Length && heap[child + 1] > heap[child]) child++;
            if (heap[child] <= heap[place]) return;
            (heap[place], heap[child]) = (heap[child], heap[place]);
            place = child;
        }
    }

    /// <summary>exp, with 0 far below 0: arguments here are 0 or less, −∞ included.</summary>
    private static Vector256<double> Exponential(Vector256<double> x)
    {
        Vector256<double> least = Vector256.Create(-745.0);
        return Vector256.Exp(Vector256.ConditionalSelect(Vector256.GreaterThan(x, least), x, least)) & Vector256.GreaterThan(x, least);
    }
}
