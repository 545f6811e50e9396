using System.Runtime.InteropServices;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Benchmarks.Generation;

/// <summary>One layer's cache of one sequence.</summary>
internal sealed unsafe class CpuAttentionCache : IDisposable
{
    private readonly CacheLayout layout;
    private readonly byte* memory;
    private readonly nint* pages;

    public CpuAttentionCache(CacheLayout layout, int tokens)
    {
        (this.layout, Tokens) = (layout, tokens);
        int count = (tokens + layout.PageTokens - 1) / layout.PageTokens;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)(count * layout.LayerBytes), 64);
        pages = (nint*)NativeMemory.Alloc((nuint)count, (nuint)sizeof(nint));
        for (int i = 0; i < count; i++) pages[i] = (nint)(memory + (i * layout.LayerBytes));
    }

    /// <summary>Tokens.</summary>
    public int Tokens { get; }

    /// <summary>Bytes that a decoded token reads.</summary>
    public long Bytes => (Tokens + layout.PageTokens - 1) / layout.PageTokens * layout.LayerBytes;

    /// <summary>First byte.</summary>
    public byte* Memory => memory;

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
        NativeMemory.AlignedFree(memory);
        NativeMemory.Free(pages);
    }

    private AttentionSettings Settings(int heads) => new() { Heads = heads, Scale = 1 / MathF.Sqrt(layout.HeadSize) };
}
