using System.Collections.Concurrent;
using LongContext.Attention;
using LongContext.Cuda.Driver;
using TorchSharp;

namespace LongContext.Tests.Attention;

/// <summary>The tiled kernels over an emulated GPU, on tensors of the CPU.</summary>
internal static class EmulatedAttention
{
    // Kernels keep the plans of late as tensors; one that is dropped would leave them to finalizers (see TensorOwnership).
    private static readonly ConcurrentBag<CudaAttentionKernel> Kept = [];

    public static CudaAttentionKernel Create(CudaContext context, bool deterministic = false)
    {
        var kernel = new CudaAttentionKernel(deterministic, context, DeviceType.CPU);
        Kept.Add(kernel);
        return kernel;
    }
}
