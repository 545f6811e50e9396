using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Dequantization;

public sealed class EmulatedDequantizationTests : DequantizationSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuDequantizationTests : DequantizationSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
