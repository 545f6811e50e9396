using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>Sixteen small integers, or eight, as integers of 32 bits.</summary>
internal static unsafe class LaneWidening
{
    /// <summary>Signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromSByte(byte* address) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)address))
        : Vector512.Create(HalfFromSByte(address), HalfFromSByte(address + 8));

    /// <summary>Signed 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromInt16(byte* address) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load((short*)address))
        : Vector512.Create(HalfFromInt16(address), HalfFromInt16(address + 16));

    /// <summary>16-bit integers whose upper half the caller shifts out: their sign does not matter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromUInt16(byte* address) => Avx512F.IsSupported
        ? Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address))
        : FromInt16(address);

    /// <summary>Eight signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HalfFromSByte(byte* address)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int32((sbyte*)address);
        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)address).AsSByte()));
        return Vector256.Create(lower, upper);
    }

    /// <summary>Eight signed 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> HalfFromInt16(byte* address)
    {
        if (Avx2.IsSupported) return Avx2.ConvertToVector256Int32((short*)address);
        (Vector128<int> lower, Vector128<int> upper) = Vector128.Widen(Vector128.Load((short*)address));
        return Vector256.Create(lower, upper);
    }
}
