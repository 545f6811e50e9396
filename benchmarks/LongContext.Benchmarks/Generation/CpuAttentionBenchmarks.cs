using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Threads;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Generation;

/// <summary>
/// Causal attention of a whole prompt, 8 heads of 64, two threads. Baseline: libtorch's flash attention for CPUs, whose inputs lie as it likes them best. Ours reads keys and values from a
/// paged cache, float32 or bfloat16; writing them there counts.
/// </summary>
[Work("tokens", Parameter = nameof(Tokens))]
public unsafe class CpuAttentionBenchmarks
{
    private const int Heads = 8;
    private const int HeadSize = 64;
    private const int Threads = 2;
    private readonly CpuTeam team = new(Threads);
    private readonly PagedAttention attention = new();
    private Tensor query = null!;
    private Tensor key = null!;
    private Tensor value = null!;
    private float* rows;
    private CpuAttentionCache plain = null!;
    private CpuAttentionCache half = null!;

    /// <summary>Tokens of the prompt.</summary>
    [Params(2048, 8192)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(Threads);
        long size = (long)Tokens * Heads * HeadSize;
        rows = (float*)NativeMemory.AlignedAlloc((nuint)(4 * size * sizeof(float)), 64);
        var random = new Random(1);
        for (long i = 0; i < 3 * size; i++) rows[i] = (float)((random.NextDouble() * 2) - 1);
        (query, key, value) = (Of(0), Of(1), Of(2));
        plain = new CpuAttentionCache(new CacheLayout(Heads, HeadSize, 64, CacheFormat.Float32), Tokens);
        half = new CpuAttentionCache(new CacheLayout(Heads, HeadSize, 64, CacheFormat.BFloat16), Tokens);
        using Tensor expected = LibtorchFlash();
        float[] flat = [.. expected.transpose(1, 2).contiguous().data<float>()];
        PagedFloat32();
        for (long i = 0; i < size; i += 97)
        {
            if (Math.Abs(flat[i] - rows[(3 * size) + i]) > 1e-5) throw new InvalidOperationException($"Number {i} is {rows[(3 * size) + i]}, libtorch has {flat[i]}.");
        }

        Tensor Of(int part) => tensor(new ReadOnlySpan<float>(rows + (part * size), (int)size).ToArray(), [1, Tokens, Heads, HeadSize]).transpose(1, 2).contiguous();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        query.Dispose();
        key.Dispose();
        value.Dispose();
        plain.Dispose();
        half.Dispose();
        attention.Dispose();
        team.Dispose();
        NativeMemory.AlignedFree(rows);
    }

    [Benchmark(Baseline = true)]
    public Tensor LibtorchFlash()
    {
        using var noGradient = no_grad();
        return nn.functional.scaled_dot_product_attention(query, key, value, is_casual: true);
    }

    [Benchmark]
    public void PagedFloat32() => plain.Run(team, attention, rows, Heads);

    [Benchmark]
    public void PagedBFloat16() => half.Run(team, attention, rows, Heads);
}
