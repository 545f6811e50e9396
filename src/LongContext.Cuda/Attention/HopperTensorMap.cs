using System.Runtime.CompilerServices;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>A tensor map: how the tensor memory accelerator finds boxes of rows of heads in device memory.</summary>
[InlineArray(Words)]
internal struct HopperTensorMap
{
    private const int Words = 16, Alignment = 64;

    // The driver's numbers: CUtensorMapDataType, CUtensorMapSwizzle, CUtensorMapL2promotion.
    private const int Float16 = 6, BFloat16 = 9, Swizzle32 = 1, Swizzle64 = 2, Swizzle128 = 3, Promote256 = 3;

    private ulong word;

    /// <summary>A map of rows [tokens, heads, size] for boxes of <paramref name="chunk"/> columns of one head of <paramref name="boxRows"/> tokens.</summary>
    /// <param name="context">Whose driver encodes it.</param>
    /// <param name="name">The rows' name, for messages.</param>
    /// <param name="address">Of the first element.</param>
    /// <param name="tokens">How many there are; above 0.</param>
    /// <param name="heads">Heads of a token.</param>
    /// <param name="size">Elements of a head.</param>
    /// <param name="stride">Elements from a token to the next.</param>
    /// <param name="element">Their type.</param>
    /// <param name="chunk">64, 32 or 16: rows of 128, 64 or 32 bytes in shared memory, swizzled over as many.</param>
    /// <param name="boxRows">At most 256.</param>
    /// <exception cref="CudaException">The driver does not take it.</exception>
    public static unsafe HopperTensorMap Encode(
        CudaContext context, string name, nint address, int tokens, int heads, int size, int stride, AttentionElement element, int chunk, int boxRows)
    {
        ulong* dimensions = stackalloc ulong[3] { (ulong)size, (ulong)heads, (ulong)tokens };
        ulong* strides = stackalloc ulong[2] { (ulong)size * 2, (ulong)stride * 2 };
        uint* box = stackalloc uint[3] { (uint)chunk, 1, (uint)boxRows };
        uint* elementStrides = stackalloc uint[3] { 1, 1, 1 };
        byte* place = stackalloc byte[(Words * sizeof(ulong)) + Alignment];
        var map = (ulong*)(((nuint)place + (Alignment - 1)) & ~(nuint)(Alignment - 1));
        using CurrentContext current = context.Enter();
        int status = context.Driver.TensorMapEncodeTiled(
            map, element == AttentionElement.BFloat16 ? BFloat16 : Float16, 3, address, dimensions, strides, box, elementStrides, interleave: 0,
            chunk switch { 64 => Swizzle128, 32 => Swizzle64, _ => Swizzle32 }, Promote256, outOfBoundsFill: 0);
        if (status != 0)
        {
            throw CudaException.FromStatus(
                context.Driver, status, $"cuTensorMapEncodeTiled({name}: {tokens} tokens {stride} elements apart, {heads} heads of {size}, boxes of {boxRows} rows of {chunk})");
        }

        HopperTensorMap result = default;
        for (int i = 0; i < Words; i++) result[i] = map[i];
        return result;
    }
}
