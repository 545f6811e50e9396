using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Optimizers;

public sealed class EmulatedAdamWTests : AdamWSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuAdamWTests : AdamWSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
