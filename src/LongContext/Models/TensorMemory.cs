using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Raw access to the memory of contiguous tensors on the CPU.</summary>
internal static class TensorMemory
{
    /// <summary>Address of the tensor's first element (a view's offset counted in); valid while the tensor lives.</summary>
    public static nint DataPointer(this Tensor tensor) =>
        tensor.storage<byte>().data_ptr() + (nint)(tensor.storage_offset() * tensor.element_size());
}
