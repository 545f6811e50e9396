using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Rotary;

public sealed class EmulatedRotaryTests : RotarySuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuRotaryTests : RotarySuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
