using LongContext.Cuda.Decoding;

namespace LongContext.Cuda.Tests.Decoding;

/// <summary>Sequences with their queries, keys and values, by a seed, whichever way the cache holds them.</summary>
internal sealed class DecodingCase
{
    public DecodingCase(DecodingShape shape, IReadOnlyList<int> lengths, IReadOnlyList<int>? queryTokens = null, float softCap = 0, int seed = 1, double keySpread = 1)
    {
        Shape = shape;
        Lengths = lengths;
        QueryTokens = queryTokens ?? [.. lengths.Select(_ => shape.MaxQueryTokens)];
        SoftCap = softCap;
        QueryBorders = Borders(QueryTokens);
        var random = new Random(seed);
        Q = Fill((long)Tokens * shape.Heads * shape.HeadSize, 1);
        K = [.. lengths.Select(length => Fill((long)length * shape.KeyHeads * shape.HeadSize, keySpread))];
        V = [.. lengths.Select(length => Fill((long)length * shape.KeyHeads * shape.HeadSize, 1))];

        float[] Fill(long count, double spread)
        {
            var values = new float[count];
            for (int i = 0; i < values.Length; i++)
            {
                double normal = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
                values[i] = ElementBits.Round(shape.Element, normal * spread);
            }

            return values;
        }
    }

    public DecodingShape Shape { get; }

    public IReadOnlyList<int> Lengths { get; }

    public IReadOnlyList<int> QueryTokens { get; }

    public int[] QueryBorders { get; }

    public int Tokens => QueryBorders[^1];

    public float Scale => 1 / MathF.Sqrt(Shape.HeadSize);

    public float SoftCap { get; }

    /// <summary>[tokens, heads, size].</summary>
    public float[] Q { get; }

    /// <summary>Of each sequence, [length, key heads, size].</summary>
    public float[][] K { get; }

    public float[][] V { get; }

    /// <summary>The keys that a sequence's i-th query sees; end &lt;= begin: none.</summary>
    public (int Begin, int End) Seen(int sequence, int query)
    {
        int position = Lengths[sequence] - QueryTokens[sequence] + query;
        return ((int)Math.Max(0, position - (long)(Shape.WindowLeft ?? int.MaxValue)), position + 1);
    }

    private static int[] Borders(IReadOnlyList<int> counts)
    {
        var borders = new int[counts.Count + 1];
        for (int i = 0; i < counts.Count; i++) borders[i + 1] = borders[i] + counts[i];
        return borders;
    }
}
