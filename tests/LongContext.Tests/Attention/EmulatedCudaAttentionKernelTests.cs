using LongContext.Attention;
using LongContext.Cuda.Driver;
using LongContext.Cuda.Emulation;
using TorchSharp;

namespace LongContext.Tests.Attention;

/// <summary>The kernels' PTX on the CPU, on tensors of the CPU.</summary>
public sealed class EmulatedCudaAttentionKernelTests : CudaAttentionKernelSuite
{
    private static readonly CudaContext Context = new(new EmulatedDriver(new EmulationOptions { AllowHostMemory = true, CheckUninitialised = false, Capability = 80 }), 0);

    protected override IAttentionKernel Kernel { get; } = new CudaAttentionKernel(deterministic: false, Context, DeviceType.CPU);

    private protected override CudaAttentionKernel DeterministicKernel { get; } = new(deterministic: true, Context, DeviceType.CPU);
}
