using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;

namespace LongContext.Benchmarks.Generation;

/// <summary>
/// Attention of one decoded token over 131,072 cached ones, 8 key heads of 64 with 4 query heads each, two threads. Baseline: reading the same memory and doing nothing with it.
/// </summary>
[Work("tokens", 1)]
public unsafe class CpuDecodingAttentionBenchmarks
{
    private const int Tokens = 131_072;
    private const int KeyHeads = 8;
    private const int Heads = 32;
    private const int HeadSize = 64;
    private readonly CpuTeam team = new(2);
    private readonly PagedAttention attention = new();
    private CpuAttentionCache cache = null!;
    private float* query;

    /// <summary>Number format of the cache.</summary>
    [Params("Float32", "BFloat16", "Float8", "Int8")]
    public string Format { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        cache = new CpuAttentionCache(new CacheLayout(KeyHeads, HeadSize, 64, Enum.Parse<CacheFormat>(Format)), Tokens);
        // Ones in every format that has no scales, and small numbers in the others.
        new Span<uint>(cache.Memory, (int)(cache.Bytes / sizeof(uint))).Fill(0x3F803F80);
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
        var work = new ReadWork { Memory = cache.Memory };
        team.Run(ref work, (int)(cache.Bytes / ReadWork.TileBytes));
    }

    [Benchmark]
    public void PagedAttention() => cache.Decode(team, attention, query, query + (Heads * HeadSize), Heads);

    private struct ReadWork : ITileWork
    {
        public const int TileBytes = 1 << 20;
        public byte* Memory;
        private long kept;

        public void Run(int tile, int worker)
        {
            byte* from = Memory + ((long)tile * TileBytes);
            Vector512<long> a = default, b = default, c = default, d = default;
            for (int i = 0; i < TileBytes; i += 4 * 64)
            {
                a ^= Vector512.Load((long*)(from + i));
                b ^= Vector512.Load((long*)(from + i + 64));
                c ^= Vector512.Load((long*)(from + i + 128));
                d ^= Vector512.Load((long*)(from + i + 192));
            }

            kept = (a ^ b ^ c ^ d)[0];
        }
    }
}
