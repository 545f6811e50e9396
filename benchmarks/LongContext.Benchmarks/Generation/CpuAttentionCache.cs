using System.Runtime.InteropServices;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;
using LongContext.Generation.Running;

namespace LongContext.Benchmarks.Generation;

/// <summary>One layer's cache of one sequence, on large pages where the system has them, as the engine's is.</summary>
internal sealed unsafe class CpuAttentionCache : IDisposable
{
    private readonly CacheLayout layout;
    private readonly byte* memory;
    private readonly long size;
    private readonly nint* pages;

    /// <param name="layout">How a layer's part of a page lies.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="layers">Layers of a page, of which the last is used: how far the pieces of the layer lie from each other.</param>
    public CpuAttentionCache(CacheLayout layout, int tokens, int layers = 1)
    {
        (this.layout, Tokens) = (layout, tokens);
        PageCount = (tokens + layout.PageTokens - 1) / layout.PageTokens;
        long stride = layers * layout.LayerBytes;
        size = PageCount * stride;
        memory = PageMemory.Map(size);
        pages = (nint*)NativeMemory.Alloc((nuint)PageCount, (nuint)sizeof(nint));
        for (int i = 0; i < PageCount; i++) pages[i] = (nint)(memory + ((i + 1) * stride) - layout.LayerBytes);
    }

    /// <summary>Tokens.</summary>
    public int Tokens { get; }

    /// <summary>Pages.</summary>
    public int PageCount { get; }

    /// <summary>Bytes of a page that are the layer's, all of which a decoded token reads.</summary>
    public long PageBytes => layout.LayerBytes;

    /// <summary>Where the layer's part of each page begins.</summary>
    public nint* Pages => pages;

    /// <summary>Writes all keys and values and computes all outputs; queries, keys, values and outputs lie one after another.</summary>
    public void Run(CpuTeam team, PagedAttention attention, float* rows, int heads)
    {
        long width = layout.KeyHeads * layout.HeadSize, size = Tokens * width;
        AttentionSequence all = new() { RowCount = Tokens, Pages = pages };
        CacheWriter.Append(team, layout, 0, [all], rows + size, width, rows + (2 * size), width);
        attention.Forward(team, layout, [all], Settings(heads), rows, width, rows + (3 * size), width);
    }

    /// <summary>One output of the last position.</summary>
    public void Decode(CpuTeam team, PagedAttention attention, float* query, float* output, int heads)
    {
        AttentionSequence last = new() { RowCount = 1, FirstPosition = Tokens - 1, Pages = pages };
        attention.Forward(team, layout, [last], Settings(heads), query, heads * layout.HeadSize, output, heads * layout.HeadSize);
    }

    public void Dispose()
    {
        PageMemory.Unmap(memory, size);
        NativeMemory.Free(pages);
    }

    private AttentionSettings Settings(int heads) => new() { Heads = heads, Scale = 1 / MathF.Sqrt(layout.HeadSize) };
}
