using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Attention;

/// <summary>
/// Causal attention over a pack of 2,048 tokens, without gradients. Baseline: eager matmul, softmax, matmul with a mask of the
/// whole pack (made beforehand and not counted, to the baselines' advantage).
/// </summary>
[Work("tokens", AttentionCase.TokenCount)]
[InvocationCount(1), WarmupCount(2), IterationCount(9)]
public class AttentionForwardBenchmarks
{
    private AttentionCase attention = null!;

    /// <summary>How the pack is divided into documents.</summary>
    [ParamsSource(nameof(Layouts))]
    public string Layout { get; set; } = "";

    public static IEnumerable<string> Layouts => AttentionCase.Layouts;

    [GlobalSetup]
    public void Setup()
    {
        attention = new AttentionCase(Layout, requiresGradient: false);
        attention.RequireAgreement();
    }

    [GlobalCleanup]
    public void Cleanup() => attention.Dispose();

    [Benchmark(Baseline = true)]
    public void Eager()
    {
        using var scope = NewDisposeScope();
        _ = attention.Eager();
    }

    [Benchmark]
    public void MaskedSdpa()
    {
        using var scope = NewDisposeScope();
        _ = attention.MaskedSdpa();
    }

    [Benchmark]
    public void LibtorchKernel()
    {
        using var scope = NewDisposeScope();
        _ = attention.Kernel();
    }
}
