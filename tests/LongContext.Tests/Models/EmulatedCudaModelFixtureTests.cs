using LongContext.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using LongContext.Tests.Attention;

namespace LongContext.Tests.Models;

/// <summary>On the CPU, by the kernels' PTX.</summary>
public sealed class EmulatedCudaModelFixtureTests : CudaModelFixtureSuite
{
    private static readonly CudaContext Context = new(new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, Capability = 80 }), 0);

    private static readonly CudaAttentionKernel Shared = EmulatedAttention.Create(Context);

    private protected override CudaAttentionKernel Kernel => Shared;
}
