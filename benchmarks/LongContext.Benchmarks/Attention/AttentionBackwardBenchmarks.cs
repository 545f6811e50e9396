using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using static TorchSharp.torch;

namespace LongContext.Benchmarks.Attention;

/// <summary>Forward and backward, to the gradients of q, k and v; otherwise as <see cref="AttentionForwardBenchmarks"/>.</summary>
[Work("tokens", AttentionCase.TokenCount)]
[InvocationCount(1), WarmupCount(1), IterationCount(7)]
public class AttentionBackwardBenchmarks
{
    private AttentionCase attention = null!;

    /// <summary>How the pack is divided into documents.</summary>
    [ParamsSource(nameof(Layouts))]
    public string Layout { get; set; } = "";

    public static IEnumerable<string> Layouts => AttentionCase.Layouts;

    [GlobalSetup]
    public void Setup()
    {
        attention = new AttentionCase(Layout, requiresGradient: true);
        attention.RequireAgreement();
        using var scope = NewDisposeScope();
        foreach ((Tensor expected, Tensor actual) in Gradients(attention.Eager()).Zip(Gradients(attention.Kernel())))
            Agreement.Require("gradient", expected, actual, 1e-3);
    }

    [GlobalCleanup]
    public void Cleanup() => attention.Dispose();

    [Benchmark(Baseline = true)]
    public void Eager()
    {
        using var scope = NewDisposeScope();
        _ = Gradients(attention.Eager());
    }

    [Benchmark]
    public void MaskedSdpa()
    {
        using var scope = NewDisposeScope();
        _ = Gradients(attention.MaskedSdpa());
    }

    [Benchmark]
    public void LibtorchKernel()
    {
        using var scope = NewDisposeScope();
        _ = Gradients(attention.Kernel());
    }

    private IList<Tensor> Gradients(Tensor output_THD) =>
        autograd.grad([output_THD], [attention.Q_THD, attention.K_TKD, attention.V_TKD], [attention.OutputGradient_THD]);
}
