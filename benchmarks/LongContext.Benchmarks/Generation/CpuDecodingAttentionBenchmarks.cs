using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Benchmarks.Generation;

/// <summary>
/// Attention of one decoded token over 65,536 cached ones, 2 key heads of 64 with 4 query heads each, two threads, the layer's parts of pages one after another or with those of other layers between. Baseline: reading the
/// same memory and doing nothing with it.
/// </summary>
[Work("tokens", 1)]
public unsafe class CpuDecodingAttentionBenchmarks
{
    private const int Tokens = 65_536;
    private const int KeyHeads = 2;
    private const int Heads = 8;
    private const int HeadSize = 64;
    private readonly CpuTeam team = new(2);
    private readonly PagedAttention attention = new();
    private CpuAttentionCache cache = null!;
    private float* query;

    /// <summary>Number format of the cache.</summary>
    [Params("Float32", "BFloat16", "Float8", "Int8")]
    public string Format { get; set; } = "";

    /// <summary>Layers of a page.</summary>
    [Params(1, 8)]
    public int Layers { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        cache = new CpuAttentionCache(new CacheLayout(KeyHeads, HeadSize, 64, Enum.Parse<CacheFormat>(Format)), Tokens, Layers);
        // Ones in every format that has no scales, and small numbers in the others.
        for (int page = 0; page < cache.PageCount; page++) new Span<uint>((void*)cache.Pages[page], (int)(cache.PageBytes / sizeof(uint))).Fill(0x3F803F80);
        query = (float*)NativeMemory.AlignedAlloc(2 * Heads * HeadSize * sizeof(float), 64);
        new Span<float>(query, Heads * HeadSize).Fill(0.01f);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        cache.Dispose();
        attention.Dispose();
        team.Dispose();
        NativeMemory.AlignedFree(query);
    }

    [Benchmark(Baseline = true)]
    public void ReadMemory()
    {
        var work = new ReadWork { Pages = cache.Pages, PageBytes = cache.PageBytes };
        team.Run(ref work, cache.PageCount / ReadWork.TilePages);
    }

    [Benchmark]
    public void PagedAttention() => cache.Decode(team, attention, query, query + (Heads * HeadSize), Heads);

    private struct ReadWork : ITileWork
    {
        public const int TilePages = 16;
        public nint* Pages;
        public long PageBytes;
        private long kept;

        public void Run(int tile, int worker)
        {
            for (int page = tile * TilePages; page < (tile + 1) * TilePages; page++) kept = MemoryRead.Read((byte*)Pages[page], PageBytes);
        }
    }
}
