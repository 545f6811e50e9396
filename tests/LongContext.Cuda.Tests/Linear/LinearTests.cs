using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Linear;

public sealed class EmulatedLinearTests : LinearSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuLinearTests : LinearSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
