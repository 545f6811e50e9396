using LongContext.Attention;

namespace LongContext.Tests.Attention;

public sealed class LibtorchAttentionKernelTests : AttentionKernelSuite
{
    protected override IAttentionKernel Kernel { get; } = new LibtorchAttentionKernel();
}
