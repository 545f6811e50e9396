using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Normalization;

public sealed class EmulatedRmsNormTests : RmsNormSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate(multiprocessors: 2);

    protected override KernelHost Host => Emulated;
}

public sealed class GpuRmsNormTests : RmsNormSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
