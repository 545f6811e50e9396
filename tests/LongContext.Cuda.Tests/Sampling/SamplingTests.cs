using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Sampling;

public sealed class EmulatedSamplingTests : SamplingSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuSamplingTests : SamplingSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
