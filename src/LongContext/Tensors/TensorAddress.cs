using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LongContext.Tensors;

/// <summary>Where a tensor's elements lie, for kernels that take addresses.</summary>
internal static partial class TensorAddress
{
    /// <summary>
    /// Address of the first element, on whichever device it is; 0 for an empty tensor. Valid while the tensor lives: whoever takes it keeps
    /// the tensor until the kernel is on its stream, after which libtorch's allocator gives the memory only to later work of that stream.
    /// </summary>
    public static nint Address(this Tensor tensor) => tensor.numel() == 0 ? 0 : Data(tensor.Handle);

    // The function behind TorchSharp's own `data` and `bytes`, which refuse tensors that are not on the CPU. `storage().data_ptr()` allocates
    // four objects a call and was seen to corrupt the heap in TorchSharp 0.107.
    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint Data(nint tensor);
}
