using LongContext.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;

namespace LongContext.Tests.Attention;

/// <summary>The kernels' PTX on the CPU, on tensors of the CPU.</summary>
public sealed class EmulatedCudaAttentionKernelTests : CudaAttentionKernelSuite
{
    private static readonly CudaContext Context = new(new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, Capability = 80 }), 0);

    private static readonly CudaAttentionKernel Fast = EmulatedAttention.Create(Context), Fixed = EmulatedAttention.Create(Context, deterministic: true);

    protected override IAttentionKernel Kernel => Fast;

    private protected override CudaAttentionKernel DeterministicKernel => Fixed;
}
