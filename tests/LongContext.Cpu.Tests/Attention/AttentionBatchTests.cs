using LongContext.Cpu.Attention;
using LongContext.Cpu.Tests.Pointwise;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

public sealed unsafe class AttentionBatchTests
{
    private static readonly CacheLayout Layout = new(2, 64, 64, CacheFormat.BFloat16);
    private static readonly AttentionSettings Settings = new() { Heads = 6, Scale = 0.125f };

    [Fact]
    public void Forward_SequencesTogetherOrAlone_GivesTheSameBits()
    {
        (int Length, int New)[] shapes = [(2500, 1), (1, 1), (40, 40), (900, 0), (1500, 300), (3000, 16), (1030, 7)];
        CachedSequence[] sequences = [.. shapes.Select((shape, i) => new CachedSequence(Layout, 6, shape.Length, seed: i))];
        using var team = new CpuTeam(3);
        using var attention = new PagedAttention();
        int rows = shapes.Sum(shape => shape.New), width = sequences[0].QueryWidth, stride = width + 5;
        float[] queries = new float[rows * stride], output = new float[rows * stride], sums = new float[rows * 6];
        var batch = new AttentionSequence[sequences.Length];
        int row = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            sequences[i].Append(team, 0, shapes[i].Length);
            int first = shapes[i].Length - shapes[i].New;
            batch[i] = sequences[i].Part(first, shapes[i].New, row);
            for (int t = 0; t < shapes[i].New; t++) sequences[i].Queries.AsSpan((first + t) * width, width).CopyTo(queries.AsSpan((row + t) * stride));
            row += shapes[i].New;
        }

        fixed (float* q = queries, o = output, s = sums) attention.Forward(team, Layout, batch, Settings, q, stride, o, stride, s);

        using var alone = new PagedAttention();
        using var single = new CpuTeam(1);
        for (int i = 0; i < sequences.Length; i++)
        {
            float[] expected = sequences[i].Forward(single, alone, Settings, batch[i].FirstPosition, shapes[i].New);
            for (int t = 0; t < shapes[i].New; t++)
                Floats.AssertSameBits(expected.AsSpan(t * width, width), output.AsSpan((batch[i].RowStart + t) * stride, width), $"sequence {i}, row {t},");
            sequences[i].Dispose();
        }

        Assert.All(sums, sum => Assert.True(float.IsFinite(sum)));
    }

    [Fact]
    public void Forward_OutputOverQueries_GivesTheSameBits()
    {
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(Layout, 6, 1200, seed: 1);
        sequence.Append(team, 0, 1200);
        foreach (int count in new[] { 1, 300 })
        {
            float[] expected = sequence.Forward(team, attention, Settings, 1200 - count, count);
            float[] memory = sequence.Queries[((1200 - count) * sequence.QueryWidth)..];
            fixed (float* m = memory) attention.Forward(team, Layout, [sequence.Part(1200 - count, count)], Settings, m, sequence.QueryWidth, m, sequence.QueryWidth);
            Floats.AssertSameBits(expected, memory);
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1)]
    [InlineData(1024)]
    public void Forward_PagesBeforeTheWindowForgotten_ChangesNothing(int window)
    {
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(Layout, 6, 2600, seed: 2);
        AttentionSettings settings = Settings with { Window = window };
        sequence.Append(team, 0, 2600);
        float[] one = sequence.Forward(team, attention, settings, 2599, 1), many = sequence.Forward(team, attention, settings, 2400, 200);
        for (int page = 0; page < (2400 - window + 1) / 64; page++) sequence.Pages[page] = 0;
        Floats.AssertSameBits(many, sequence.Forward(team, attention, settings, 2400, 200));
        for (int page = 0; page < (2599 - window + 1) / 64; page++) sequence.Pages[page] = 0;
        Floats.AssertSameBits(one, sequence.Forward(team, attention, settings, 2599, 1));
    }

    [Fact]
    public void Forward_LayersOfAPage_AreApart()
    {
        using var team = new CpuTeam(1);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(Layout, 6, 150, seed: 4, layers: 3);
        sequence.Append(team, 0, 150, layer: 1);
        float[] before = sequence.Forward(team, attention, Settings with { Layer = 1 }, 100, 50);
        sequence.Values.AsSpan().Fill(1);
        sequence.Append(team, 0, 150, layer: 0);
        sequence.Append(team, 0, 150, layer: 2);
        Floats.AssertSameBits(before, sequence.Forward(team, attention, Settings with { Layer = 1 }, 100, 50));
        Assert.All(sequence.Forward(team, attention, Settings with { Layer = 2 }, 100, 50), x => Assert.Equal(1, x, 1e-6));
    }

    [Fact]
    public void Forward_LogSumExp_IsThatOfTheScores()
    {
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(new CacheLayout(1, 8, 16, CacheFormat.Float32), 1, 1500, seed: 5);
        sequence.Append(team, 0, 1500);
        float[] output = new float[8], sum = new float[1];
        fixed (float* q = sequence.Queries, o = output, s = sum)
            attention.Forward(team, sequence.Layout, [sequence.Part(1499, 1)], new AttentionSettings { Heads = 1, Scale = 1 }, q + (1499 * 8), 8, o, 8, s);
        double expected = 0;
        for (int key = 0; key < 1500; key++) expected += Math.Exp(Enumerable.Range(0, 8).Sum(i => (double)sequence.Queries[(1499 * 8) + i] * sequence.Keys[(key * 8) + i]));
        Assert.Equal(Math.Log(expected), sum[0], 1e-5);
    }

    [Fact]
    public void Forward_NothingToDo_DoesNothing()
    {
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        attention.Forward(team, Layout, [], Settings, null, 0, null, 0);
        attention.Forward(team, Layout, [default], Settings, null, 0, null, 0);
        CacheWriter.Append(team, Layout, 0, [], null, 0, null, 0);
        CacheWriter.Append(team, Layout, 0, [default], null, 0, null, 0);
        Assert.Equal(0, attention.WorkspaceBytes);
        Assert.Throws<ArgumentException>(() => attention.Forward(team, Layout, [], Settings with { Heads = 3 }, null, 0, null, 0));
        attention.Dispose();
        Assert.Throws<ObjectDisposedException>(() => attention.Forward(team, Layout, [], Settings, null, 0, null, 0));
    }

    [Fact]
    public void Steps_InSteadyState_AllocateNothing()
    {
        using var team = new CpuTeam(2);
        using var attention = new PagedAttention();
        using var sequence = new CachedSequence(Layout, 6, 3000, seed: 6);
        float[] output = new float[3000 * sequence.QueryWidth];
        AttentionSequence[] batch = [sequence.Part(2980, 1), sequence.Part(2000, 100)];
        batch[1].RowStart = 1;
        fixed (float* q = sequence.Queries, k = sequence.Keys, v = sequence.Values, o = output)
        {
            sequence.Append(team, 0, 2980);
            long workspace = 0, before = 0;
            for (int i = 0; i < 40; i++)
            {
                if (i == 20) (workspace, before) = (attention.WorkspaceBytes, GC.GetAllocatedBytesForCurrentThread());
                CacheWriter.Append(team, Layout, 0, batch.AsSpan(0, 1), k, sequence.KeyWidth, v, sequence.KeyWidth);
                attention.Forward(team, Layout, batch, Settings, q, sequence.QueryWidth, o, sequence.QueryWidth);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
            Assert.Equal(workspace, attention.WorkspaceBytes);
        }
    }
}
