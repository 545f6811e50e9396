using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Linear;

/// <summary>Sixteen small integers as sixteen of 32 bits.</summary>
internal static unsafe class LaneWidening
{
    /// <summary>Signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromSByte(byte* address)
    {
        Vector128<sbyte> codes = Vector128.Load((sbyte*)address);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(codes);
        if (Avx2.IsSupported) return Vector512.Create(Avx2.ConvertToVector256Int32((sbyte*)address), Avx2.ConvertToVector256Int32((sbyte*)address + 8));
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(codes);
        return Widen(lower, upper);
    }

    /// <summary>Signed 16-bit integers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromInt16(byte* address)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(Vector256.Load((short*)address));
        if (Avx2.IsSupported) return Vector512.Create(Avx2.ConvertToVector256Int32((short*)address), Avx2.ConvertToVector256Int32((short*)address + 8));
        return Widen(Vector128.Load((short*)address), Vector128.Load((short*)address + 8));
    }

    /// <summary>16-bit integers without sign.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> FromUInt16(byte* address)
    {
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)address));
        if (Avx2.IsSupported) return Vector512.Create(Avx2.ConvertToVector256Int32((ushort*)address), Avx2.ConvertToVector256Int32((ushort*)address + 8));
        return Widen(Vector128.Load((short*)address), Vector128.Load((short*)address + 8)); // the callers shift the upper half out
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(Vector128<short> lower, Vector128<short> upper)
    {
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lower);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(upper);
        return Vector512.Create(Vector256.Create(a, b), Vector256.Create(c, d));
    }
}
