using LongContext.Attention;
using static TorchSharp.torch;

namespace LongContext.Tests.Training;

/// <summary>libtorch's attention that lets a test act in the middle of a step: before each call, and on its output.</summary>
internal sealed class KernelWithEvents : IAttentionKernel
{
    private readonly LibtorchAttentionKernel inner = new();

    public string Name => "libtorch with events";

    public int Calls { get; private set; }

    /// <summary>Gets the call's number, from 1.</summary>
    public Action<int> BeforeCall { get; set; } = _ => { };

    public Func<int, Tensor, Tensor, Tensor> Change { get; set; } = (_, _, output) => output;

    public string? WhyNot(Device device, ScalarType dataType, int headDimension, AttentionArguments arguments) => null;

    public Tensor Forward(Tensor q, Tensor k, Tensor v, AttentionArguments arguments)
    {
        BeforeCall(++Calls);
        return Change(Calls, q, inner.Forward(q, k, v, arguments));
    }

    public (Tensor Output, Tensor LogSumExp) ForwardWithLogSumExp(Tensor q, Tensor k, Tensor v, AttentionArguments arguments) =>
        inner.ForwardWithLogSumExp(q, k, v, arguments);
}
