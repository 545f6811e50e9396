using LongContext.Cpu.Attention;

namespace LongContext.Cpu.Tests.Attention;

/// <summary>Attention by its definition, in double.</summary>
internal static class AttentionOracle
{
    /// <summary>One position's output [heads, head size].</summary>
    public static double[] Row(CachedSequence sequence, AttentionSettings settings, int position, float[]? keys = null, float[]? values = null)
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
            for (int key = first; key <= position; key++)
            {
                double score = 0;
                for (int i = 0; i < size; i++)
                    score += (double)sequence.Queries[((long)position * sequence.QueryWidth) + (head * size) + i] * keys[((long)key * sequence.KeyWidth) + (head / group * size) + i];
                score *= settings.Scale;
                if (settings.SoftCap > 0) score = settings.SoftCap * Math.Tanh(score / settings.SoftCap);
                scores[key] = score;
                largest = Math.Max(largest, score);
            }

            for (int key = first; key <= position; key++) sum += scores[key] = Math.Exp(scores[key] - largest);
            for (int key = first; key <= position; key++)
            {
                for (int i = 0; i < size; i++) output[(head * size) + i] += scores[key] / sum * values[((long)key * sequence.KeyWidth) + (head / group * size) + i];
            }
        }

        return output;
    }
}
