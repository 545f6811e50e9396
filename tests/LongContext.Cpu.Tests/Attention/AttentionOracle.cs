using LongContext.Cpu.Attention;

namespace LongContext.Cpu.Tests.Attention;

/// <summary>Attention by its definition, in double.</summary>
internal static class AttentionOracle
{
    /// <summary>Keys whose weights share a scale where they are rounded.</summary>
    private const int Block = 256;

    /// <summary>One position's output [heads, head size].</summary>
    /// <param name="sequence">The sequence.</param>
    /// <param name="settings">The layer.</param>
    /// <param name="position">The position.</param>
    /// <param name="keys">Keys in place of the sequence's.</param>
    /// <param name="values">Values in place of the sequence's.</param>
    /// <param name="valueScales">[tokens, key heads]: the scales of an int8 cache's values, where queries and weights are rounded to 16 bits as for it.</param>
    public static double[] Row(CachedSequence sequence, AttentionSettings settings, int position, float[]? keys = null, float[]? values = null, float[]? valueScales = null)
    {
        int size = sequence.Layout.HeadSize, group = sequence.Heads / sequence.Layout.KeyHeads;
        int first = settings.Window > 0 ? Math.Max(0, position - settings.Window + 1) : 0;
        keys ??= sequence.Keys;
        values ??= sequence.Values;
        var output = new double[sequence.QueryWidth];
        var scores = new double[position + 1];
        for (int head = 0; head < sequence.Heads; head++)
        {
            double largest = double.NegativeInfinity, sum = 0;
            float[] query = sequence.Queries[((position * sequence.QueryWidth) + (head * size))..][..size];
            if (valueScales is not null) Round(query);
            for (int key = first; key <= position; key++)
            {
                double score = 0;
                for (int i = 0; i < size; i++)
                    score += (double)query[i] * keys[((long)key * sequence.KeyWidth) + (head / group * size) + i];
                score *= settings.Scale;
                if (settings.SoftCap > 0) score = settings.SoftCap * Math.Tanh(score / settings.SoftCap);
                scores[key] = score;
                largest = Math.Max(largest, score);
            }

            for (int key = first; key <= position; key++) sum += scores[key] = Math.Exp(scores[key] - largest);
            if (valueScales is not null) RoundWeights(scores, first, key => valueScales[(key * sequence.Layout.KeyHeads) + (head / group)]);
            for (int key = first; key <= position; key++)
            {
                for (int i = 0; i < size; i++) output[(head * size) + i] += scores[key] / sum * values[((long)key * sequence.KeyWidth) + (head / group * size) + i];
            }
        }

        return output;
    }

    /// <summary>To multiples of a 32767th of the largest.</summary>
    private static void Round(float[] query)
    {
        double unit = query.Max(Math.Abs) / 32767.0;
        for (int i = 0; i < query.Length; i++) query[i] = (float)(Math.Round(query[i] / unit) * unit);
    }

    /// <summary>Weights times the values' scales, by blocks, to multiples of a 32767th of the block's largest.</summary>
    private static void RoundWeights(double[] weights, int first, Func<int, double> scale)
    {
        for (int start = first / Block * Block; start < weights.Length; start += Block)
        {
            (int from, int to) = (Math.Max(first, start), Math.Min(weights.Length, start + Block));
            double unit = Enumerable.Range(from, to - from).Max(key => weights[key] * scale(key)) / 32767;
            for (int key = from; key < to; key++) weights[key] = Math.Round(weights[key] * scale(key) / unit) * unit / scale(key);
        }
    }
}
