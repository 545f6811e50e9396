using System.Runtime.InteropServices;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Memory;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Tests.Attention;

/// <summary>A sequence with random queries, keys and values, whose pages lie in memory in random order and hold NaN where nothing was written.</summary>
internal sealed unsafe class CachedSequence : IDisposable
{
    private readonly Random random;
    private readonly NativeBuffer memory = new();
    private readonly nint* pages;

    public CachedSequence(CacheLayout layout, int heads, int length, int seed, int layers = 1, float size = 1)
    {
        random = new Random(seed);
        (Layout, Heads, Length, Layers) = (layout, heads, length, layers);
        Queries = Numbers((long)length * heads * layout.HeadSize, size);
        Keys = Numbers((long)length * layout.KeyHeads * layout.HeadSize, size);
        Values = Numbers((long)length * layout.KeyHeads * layout.HeadSize, size);
        PageCount = (length + layout.PageTokens - 1) / layout.PageTokens;
        pages = (nint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, PageCount), (nuint)sizeof(nint));
        long bytes = layout.LayerBytes * layers;
        byte* first = memory.Ensure(Math.Max(1, bytes * PageCount));
        new Span<byte>(first, checked((int)(bytes * PageCount))).Fill(0xFF);
        int[] order = [.. Enumerable.Range(0, PageCount)];
        random.Shuffle(order);
        for (int i = 0; i < PageCount; i++) pages[i] = (nint)(first + (order[i] * bytes));
    }

    public CacheLayout Layout { get; }

    public int Heads { get; }

    public int Length { get; }

    public int Layers { get; }

    public int PageCount { get; }

    public float[] Queries { get; }

    public float[] Keys { get; }

    public float[] Values { get; }

    public int QueryWidth => Heads * Layout.HeadSize;

    public int KeyWidth => Layout.KeyHeads * Layout.HeadSize;

    public nint* Pages => pages;

    public AttentionSequence Part(int first, int count, int rowStart = 0) => new() { RowStart = rowStart, RowCount = count, FirstPosition = first, Pages = pages };

    /// <summary>Puts keys and values of some positions into the cache.</summary>
    public void Append(CpuTeam team, int first, int count, int layer = 0)
    {
        fixed (float* k = Keys, v = Values)
            CacheWriter.Append(team, Layout, layer, [Part(first, count)], k + ((long)first * KeyWidth), KeyWidth, v + ((long)first * KeyWidth), KeyWidth);
    }

    /// <summary>Outputs of some positions, whose keys are in the cache.</summary>
    public float[] Forward(CpuTeam team, PagedAttention attention, AttentionSettings settings, int first, int count, KeyViews* views = null)
    {
        var output = new float[count * QueryWidth];
        AttentionSequence part = Part(first, count);
        part.Views = views;
        fixed (float* q = Queries, o = output)
            attention.Forward(team, Layout, [part], settings, q + ((long)first * QueryWidth), QueryWidth, o, QueryWidth);
        return output;
    }

    /// <summary>Appends and computes in chunks.</summary>
    public float[] Run(CpuTeam team, PagedAttention attention, AttentionSettings settings, params ReadOnlySpan<int> chunks)
    {
        var output = new List<float>();
        int at = 0, index = 0;
        while (at < Length)
        {
            int count = Math.Min(chunks[index++ % chunks.Length], Length - at);
            Append(team, at, count, settings.Layer);
            output.AddRange(Forward(team, attention, settings, at, count));
            at += count;
        }

        return [.. output];
    }

    public void Dispose()
    {
        memory.Dispose();
        NativeMemory.Free(pages);
    }

    private float[] Numbers(long count, float size)
    {
        var numbers = new float[count];
        for (long i = 0; i < count; i++) numbers[i] = size * (float)((random.NextDouble() + random.NextDouble() + random.NextDouble()) - 1.5) * 2;
        return numbers;
    }
}
