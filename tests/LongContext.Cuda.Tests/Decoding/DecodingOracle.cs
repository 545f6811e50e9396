using LongContext.Cuda.Decoding;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>Decoding attention by its definition: in float64, and in the precision that a plain computation in the cache's number format has.</summary>
internal sealed class DecodingOracle
{
    private DecodingOracle(DecodingCase c, bool plain)
    {
        DecodingShape shape = c.Shape;
        O = new double[(long)c.Tokens * shape.Heads * shape.HeadSize];
        LogSumExp = new double[shape.Heads * c.Tokens];
        for (int sequence = 0; sequence < c.Lengths.Count; sequence++)
        {
            for (int query = 0; query < c.QueryTokens[sequence]; query++)
            {
                for (int head = 0; head < shape.Heads; head++) Row(c, sequence, query, head, plain);
            }
        }
    }

    /// <summary>[tokens, heads, size].</summary>
    public double[] O { get; }

    /// <summary>[heads, tokens].</summary>
    public double[] LogSumExp { get; }

    /// <summary>All in float64.</summary>
    public static DecodingOracle Exact(DecodingCase c) => new(c, plain: false);

    /// <summary>Scores and softmax in float32, weights and results rounded to the number format: what anyone's plain kernel would give.</summary>
    public static DecodingOracle Plain(DecodingCase c) => new(c, plain: true);

    private void Row(DecodingCase c, int sequence, int query, int head, bool plain)
    {
        DecodingShape shape = c.Shape;
        int size = shape.HeadSize, token = c.QueryBorders[sequence] + query, keyStride = shape.KeyHeads * size, offset = head / shape.Group * size;
        (int begin, int end) = c.Seen(sequence, query);
        int atToken = (token * shape.Heads) + head, atSum = (head * c.Tokens) + token;
        LogSumExp[atSum] = double.NegativeInfinity;
        if (end <= begin) return;
        ReadOnlySpan<float> q = c.Q.AsSpan(atToken * size, size);
        var scores = new double[end - begin];
        double maximum = double.NegativeInfinity;
        for (int key = begin; key < end; key++)
        {
            ReadOnlySpan<float> k = c.K[sequence].AsSpan((key * keyStride) + offset, size);
            double product = 0;
            for (int d = 0; d < size; d++) product = plain ? (float)((float)product + (q[d] * k[d])) : product + ((double)q[d] * k[d]);
            double score = c.SoftCap > 0 ? c.SoftCap * Math.Tanh(product * c.Scale / c.SoftCap) : product * c.Scale;
            scores[key - begin] = plain ? (float)score : score;
            maximum = Math.Max(maximum, scores[key - begin]);
        }

        double sum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = plain ? MathF.Exp((float)(scores[i] - maximum)) : Math.Exp(scores[i] - maximum);
            sum += scores[i];
        }

        LogSumExp[atSum] = maximum + Math.Log(sum);
        Span<double> o = O.AsSpan(atToken * size, size);
        for (int key = begin; key < end; key++)
        {
            double weight = scores[key - begin] / sum;
            if (plain) weight = ElementBits.Round(shape.Element, weight);
            ReadOnlySpan<float> v = c.V[sequence].AsSpan((key * keyStride) + offset, size);
            for (int d = 0; d < size; d++) o[d] += weight * v[d];
        }

        if (!plain) return;
        for (int d = 0; d < size; d++) o[d] = ElementBits.Round(shape.Element, o[d]);
    }
}
