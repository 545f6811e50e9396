using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace LongContext.Cpu.Attention;

/// <summary>Small integers into wider lanes.</summary>
internal static unsafe class Widening
{
    /// <summary>16 words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> Words(ushort* source)
    {
        Vector256<ushort> words = Vector256.Load(source);
        return Avx512F.IsSupported ? Avx512F.ConvertToVector512UInt32(words) : Vector512.Create(Vector256.WidenLower(words), Vector256.WidenUpper(words));
    }

    /// <summary>16 signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> SignedBytes(sbyte* source)
    {
        Vector128<sbyte> bytes = Vector128.Load(source);
        if (Avx512F.IsSupported) return Avx512F.ConvertToVector512Int32(bytes);
        Vector256<short> words = Vector256.Create(Vector128.WidenLower(bytes), Vector128.WidenUpper(bytes));
        return Vector512.Create(Vector256.WidenLower(words), Vector256.WidenUpper(words));
    }

    /// <summary>32 signed bytes, into lanes of 16 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> SignedBytesToWords(sbyte* source)
    {
        Vector256<sbyte> bytes = Vector256.Load(source);
        return Avx512BW.IsSupported ? Avx512BW.ConvertToVector512Int16(bytes) : Vector512.Create(Vector256.WidenLower(bytes), Vector256.WidenUpper(bytes));
    }
}
