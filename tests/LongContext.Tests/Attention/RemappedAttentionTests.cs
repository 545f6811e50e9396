using LongContext.Attention;
using LongContext.Positions;
using static TorchSharp.torch;

namespace LongContext.Tests.Attention;

/// <summary>Against plain loops that rotate each query by the distance it is shown and leave the key where it is.</summary>
public sealed class RemappedAttentionTests
{
    private const int Heads = 4, KeyHeads = 2, Size = 6;

    public static TheoryData<PositionRemapping, double?, double?> Cases() => new()
    {
        { new SelfExtend(4, 8), null, null },
        { new SelfExtend(3, 7), 0.3, 5.0 },
        { new SelfExtend(1, 5), null, null },
        { new DualChunkAttention(10, 4), null, null },
        { new DualChunkAttention(7, 1), 0.3, 5.0 },
        { new DualChunkAttention(300, 20), null, null },
    };

    [Theory, MemberData(nameof(Cases))]
    public void Forward_Packs_EqualsTheDefinition(PositionRemapping remapping, double? scale, double? softCap)
    {
        // The third document has more queries than a block.
        int[] lengths = [1, 23, 300, 17];
        AssertEqualsDefinition(remapping, scale, softCap, lengths, lengths);
    }

    [Theory, MemberData(nameof(Cases))]
    public void Forward_LastTokensOfALongerRow_EqualsTheDefinition(PositionRemapping remapping, double? scale, double? softCap) =>
        AssertEqualsDefinition(remapping, scale, softCap, [1, 5, 40], [90, 33, 41]);

    private static void AssertEqualsDefinition(PositionRemapping remapping, double? scale, double? softCap, int[] queryLengths, int[] keyLengths)
    {
        var random = new Random(5);
        double[] q = Numbers(random, queryLengths.Sum() * Heads * Size), k = Numbers(random, keyLengths.Sum() * KeyHeads * Size), v = Numbers(random, k.Length);
        int[] queryPositions = [.. queryLengths.Zip(keyLengths).SelectMany(pair => Enumerable.Range(pair.Second - pair.First, pair.First))];
        int[] keyPositions = [.. keyLengths.SelectMany(length => Enumerable.Range(0, length))];

        using var scope = NewDisposeScope();
        Tensor[] views = [.. Enumerable.Range(0, remapping.ViewCount).Select(view =>
            Rows(Rotate(q, Heads, row => remapping.QueryPosition(view, queryPositions[row])), Heads))];
        Tensor[] maps = [.. Enumerable.Range(0, remapping.KeyMapCount).Select(map =>
            Rows(Rotate(k, KeyHeads, row => remapping.KeyPosition(map, keyPositions[row])), KeyHeads))];
        var arguments = new AttentionArguments
        {
            CumulativeSequenceLengths = Borders(queryLengths), CumulativeKeyLengths = Borders(keyLengths), Scale = scale, SoftCap = softCap,
        };
        double[] actual = RemappedAttention.Forward(views, maps, Rows(v, KeyHeads), remapping, arguments).data<double>().ToArray();

        double[] expected = Definition(remapping, q, k, v, queryLengths, keyLengths, scale ?? 1 / Math.Sqrt(Size), softCap);
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
    }

    private static double[] Definition(
        PositionRemapping remapping, double[] q, double[] k, double[] v, int[] queryLengths, int[] keyLengths, double scale, double? softCap)
    {
        var output = new double[q.Length];
        int queryStart = 0, keyStart = 0;
        for (int document = 0; document < queryLengths.Length; document++)
        {
            for (int i = 0; i < queryLengths[document]; i++)
            {
                int position = keyLengths[document] - queryLengths[document] + i;
                for (int head = 0; head < Heads; head++)
                {
                    int query = (((queryStart + i) * Heads) + head) * Size;
                    var weights = new double[position + 1];
                    for (int j = 0; j <= position; j++)
                    {
                        double[] turned = Turn(q.AsSpan(query, Size), remapping.RelativePosition(position, j));
                        double score = 0;
                        for (int e = 0; e < Size; e++) score += turned[e] * k[KeyAt(keyStart + j, head) + e];
                        score *= scale;
                        weights[j] = Math.Exp(softCap is { } cap ? cap * Math.Tanh(score / cap) : score);
                    }

                    double sum = weights.Sum();
                    for (int j = 0; j <= position; j++)
                    {
                        for (int e = 0; e < Size; e++) output[query + e] += weights[j] / sum * v[KeyAt(keyStart + j, head) + e];
                    }
                }
            }

            queryStart += queryLengths[document];
            keyStart += keyLengths[document];
        }

        return output;

        static int KeyAt(int row, int head) => ((row * KeyHeads) + (head / (Heads / KeyHeads))) * Size;
    }

    private static double[] Rotate(double[] rows, int heads, Func<int, int> position)
    {
        var turned = new double[rows.Length];
        for (int at = 0; at < rows.Length; at += Size) Turn(rows.AsSpan(at, Size), position(at / (heads * Size))).CopyTo(turned, at);
        return turned;
    }

    /// <summary>Half-split rotation with frequencies 10^(−2i/d).</summary>
    private static double[] Turn(ReadOnlySpan<double> row, int position)
    {
        var turned = new double[Size];
        for (int i = 0; i < Size / 2; i++)
        {
            (double sin, double cos) = Math.SinCos(position * Math.Pow(10, -2.0 * i / Size));
            turned[i] = (row[i] * cos) - (row[i + (Size / 2)] * sin);
            turned[i + (Size / 2)] = (row[i + (Size / 2)] * cos) + (row[i] * sin);
        }

        return turned;
    }

    private static Tensor Rows(double[] values, int heads) => tensor(values, [values.Length / heads / Size, heads, Size]);

    private static double[] Numbers(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextDouble() * 4) - 2)];

    private static int[] Borders(int[] lengths)
    {
        var borders = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++) borders[i + 1] = borders[i] + lengths[i];
        return borders;
    }
}
