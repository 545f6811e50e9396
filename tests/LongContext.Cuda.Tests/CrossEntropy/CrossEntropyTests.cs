using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.CrossEntropy;

public sealed class EmulatedCrossEntropyTests : CrossEntropySuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate(multiprocessors: 2);

    protected override KernelHost Host => Emulated;
}

public sealed class GpuCrossEntropyTests : CrossEntropySuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
