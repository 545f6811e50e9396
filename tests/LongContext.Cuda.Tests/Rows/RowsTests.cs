using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Rows;

public sealed class EmulatedRowsTests : RowsSuite
{
    private static readonly KernelHost Emulated = KernelHost.Emulate();

    protected override KernelHost Host => Emulated;
}

public sealed class GpuRowsTests : RowsSuite
{
    protected override KernelHost Host => KernelHost.OfGpu;
}
