using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Attention;

/// <summary>float32 as it is.</summary>
internal readonly unsafe struct Float32Elements : IElementFormat
{
    public static int Bytes => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => Vector512.Load((float*)source);
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Elements : IElementFormat
{
    public static int Bytes => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => (Widening.Words((ushort*)source) << 16).AsSingle();
}

/// <summary>Signed bytes.</summary>
internal readonly unsafe struct Int8Elements : IElementFormat
{
    public static int Bytes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => Vector512.ConvertToSingle(((Widening.Bytes(source) << 24).AsInt32()) >> 24);
}

/// <summary>E4M3: the exponent's bias is 7 where float32 has 127, so the moved bits are 2¹²⁰ too small, denormals included.</summary>
internal readonly unsafe struct Float8Elements : IElementFormat
{
    public static int Bytes => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source)
    {
        Vector512<uint> code = Widening.Bytes(source);
        Vector512<uint> magnitude = (code & Vector512.Create(0x7Fu)) << 20;
        Vector512<uint> sign = (code << 24) & Vector512.Create(0x80000000u);
        return (magnitude | sign).AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle((127 + 120) << 23));
    }
}
