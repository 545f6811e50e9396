using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.GatedUnits;

public sealed class EmulatedGatedUnitTests : GatedUnitSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuGatedUnitTests : GatedUnitSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
