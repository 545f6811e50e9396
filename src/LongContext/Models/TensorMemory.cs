using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>Raw access to the memory of contiguous tensors on the CPU.</summary>
internal static class TensorMemory
{
    /// <summary>Address of the tensor's first element; valid while the tensor lives. Not for empty tensors.</summary>
    public static unsafe byte* DataPointer(this Tensor tensor)
    {
        // `bytes` is a span, which ends at 2 GB; the address of its beginning holds for the whole. (storage().data_ptr() was
        // seen to corrupt the heap on CPU tensors in TorchSharp 0.107.)
        // Each has a name: TorchSharp holds no operand during a native call, and callers need not have a scope that does. One that nothing else held could be finalised in the midst of narrow.
        using Tensor flat = tensor.flatten(), first = flat.narrow(0, 0, 1);
        var address = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref MemoryMarshal.GetReference(first.bytes));
        GC.KeepAlive(tensor);
        return address;
    }
}
