using LongContext.Cpu.Attention;
using LongContext.Cpu.Tests.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

/// <summary>Attention under remapped positions, with the tables of Self-Extend (arXiv:2401.01325) and of three made-up views.</summary>
public sealed unsafe class KeyViewsTests
{
    private const int Length = 1400;
    private const int HeadSize = 24;
    private const int Half = 8;
    private const int Neighbors = 300;

    [Theory]
    [InlineData(CacheFormat.Float32, 2)]
    [InlineData(CacheFormat.BFloat16, 2)]
    [InlineData(CacheFormat.Int8, 3)]
    public void Forward_Views_IsOneSoftmaxOverAllAndTheSameCutAnyhow(object format, int viewCount)
    {
        var layout = new CacheLayout(2, HeadSize, 64, (CacheFormat)format);
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(layout, 4, Length, seed: 1);
        var settings = new AttentionSettings { Heads = 4, Scale = 0.3f };
        float[] whole = Run(team, attention, sequence, settings, viewCount, Length);
        using var again = new CachedSequence(layout, 4, Length, seed: 1);
        Floats.AssertSameBits(whole, Run(team, attention, again, settings, viewCount, 1, 257, 3, 90, 16));
        if (layout.Format != CacheFormat.Float32) return;
        foreach (int position in new[] { 0, 1, 99, 299, 300, 301, 1023, 1024, 1399 })
        {
            double[] expected = Oracle(sequence, settings, viewCount, position);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], whole[(position * expected.Length) + i], 4e-6);
        }
    }

    private static int QueryPosition(int view, int query) => view == 0 ? query : (query / 4) + 200 + view;

    private static int KeyPosition(int view, int key) => view == 0 ? key : key / 4;

    private static (int Start, int End) Visible(int viewCount, int view, int query)
    {
        int near = Math.Max(0, query - Neighbors + 1), far = viewCount == 3 ? near / 3 : 0;
        return view switch { 0 => (near, query + 1), 1 => (far, near), _ => (0, far) };
    }

    private static (float[] Cosines, float[] Sines) Tables()
    {
        var cosines = new float[(Length + 300) * Half];
        var sines = new float[cosines.Length];
        for (int i = 0; i < cosines.Length; i++) (sines[i], cosines[i]) = MathF.SinCos(i / Half * MathF.Pow(100, -(i % Half) / (float)Half));
        return (cosines, sines);
    }

    private static float[] Run(CpuTeam team, PagedAttention attention, CachedSequence sequence, AttentionSettings settings, int viewCount, params int[] chunks)
    {
        var output = new List<float>();
        (float[] cosines, float[] sines) = Tables();
        int[] keyPositions = [.. Enumerable.Range(0, viewCount).SelectMany(view => Enumerable.Range(0, Length).Select(key => KeyPosition(view, key)))];
        fixed (float* c = cosines, s = sines)
        fixed (int* k = keyPositions)
        {
            nint* maps = stackalloc nint[viewCount];
            for (int view = 0; view < viewCount; view++) maps[view] = (nint)(k + (view * Length));
            for (int at = 0, index = 0; at < Length;)
            {
                int count = Math.Min(chunks[index++ % chunks.Length], Length - at);
                sequence.Append(team, at, count);
                int[] tables = new int[3 * viewCount * count];
                for (int view = 0; view < viewCount; view++)
                {
                    for (int i = 0; i < count; i++)
                    {
                        tables[(view * count) + i] = QueryPosition(view, at + i);
                        (tables[((viewCount + view) * count) + i], tables[(((2 * viewCount) + view) * count) + i]) = Visible(viewCount, view, at + i);
                    }
                }

                fixed (int* t = tables)
                {
                    var views = new KeyViews
                    {
                        ViewCount = viewCount,
                        RowCount = count,
                        QueryPositions = t,
                        VisibleStarts = t + (viewCount * count),
                        VisibleEnds = t + (2 * viewCount * count),
                        KeyPositions = maps,
                        Cosines = c,
                        Sines = s,
                        RotaryHalf = Half,
                    };
                    output.AddRange(sequence.Forward(team, attention, settings, at, count, &views));
                }

                at += count;
            }
        }

        return [.. output];
    }

    private static double[] Oracle(CachedSequence sequence, AttentionSettings settings, int viewCount, int position)
    {
        (float[] cosines, float[] sines) = Tables();
        var output = new double[sequence.QueryWidth];
        for (int head = 0; head < sequence.Heads; head++)
        {
            var weights = new double[position + 1];
            for (int view = 0; view < viewCount; view++)
            {
                (int start, int end) = Visible(viewCount, view, position);
                double[] query = Rotated(sequence.Queries.AsSpan((position * sequence.QueryWidth) + (head * HeadSize), HeadSize), QueryPosition(view, position));
                for (int key = start; key < end; key++)
                {
                    double[] rotated = Rotated(sequence.Keys.AsSpan((key * sequence.KeyWidth) + (head / 2 * HeadSize), HeadSize), KeyPosition(view, key));
                    weights[key] = Math.Exp(settings.Scale * query.Zip(rotated, (a, b) => a * b).Sum());
                }
            }

            double sum = weights.Sum();
            for (int key = 0; key <= position; key++)
            {
                for (int i = 0; i < HeadSize; i++) output[(head * HeadSize) + i] += weights[key] / sum * sequence.Values[(key * sequence.KeyWidth) + (head / 2 * HeadSize) + i];
            }
        }

        return output;

        double[] Rotated(ReadOnlySpan<float> head, int at)
        {
            double[] turned = [.. head.ToArray().Select(x => (double)x)];
            for (int i = 0; i < Half; i++)
            {
                double c = cosines[(at * Half) + i], s = sines[(at * Half) + i];
                (turned[i], turned[i + Half]) = ((head[i] * c) - (head[i + Half] * s), (head[i + Half] * c) + (head[i] * s));
            }

            return turned;
        }
    }
}
