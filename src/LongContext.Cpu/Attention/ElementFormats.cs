using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Pointwise;

namespace LongContext.Cpu.Attention;

/// <summary>float32 as it is.</summary>
internal readonly unsafe struct Float32Elements : IElementFormat
{
    public static int Bytes => 4;

    public static bool HasPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => Vector512.Load((float*)source);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        first = Load(source);
        second = Load(source + 64);
        third = Load(source + 128);
        fourth = Load(source + 192);
    }
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Elements : IElementFormat
{
    public static int Bytes => 2;

    public static bool HasPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => (Widening.Words((ushort*)source) << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        first = Load(source);
        second = Load(source + 32);
        third = Load(source + 64);
        fourth = Load(source + 96);
    }
}

/// <summary>Pairs of signed bytes, for products with pairs of 16-bit numbers: twice as many products to an instruction as in float32, and no rounding.</summary>
internal readonly unsafe struct Int8Elements : IElementFormat
{
    public static int Bytes => 2;

    public static bool HasPairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source) => Widening.SignedBytesToWords((sbyte*)source).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        first = Load(source);
        second = Load(source + 32);
        third = Load(source + 64);
        fourth = Load(source + 96);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => (sum.AsInt32() + Products(a.AsInt16(), b.AsInt16())).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<short> a, Vector512<short> b)
    {
        if (Avx512BW.IsSupported) return Avx512BW.MultiplyAddAdjacent(a, b);
        if (Avx2.IsSupported) return Vector512.Create(Avx2.MultiplyAddAdjacent(a.GetLower(), b.GetLower()), Avx2.MultiplyAddAdjacent(a.GetUpper(), b.GetUpper()));
        Vector512<int> both = a.AsInt32(), with = b.AsInt32();
        return (((both << 16) >> 16) * ((with << 16) >> 16)) + ((both >> 16) * (with >> 16));
    }
}

/// <summary>E4M3: the exponent's bias is 7 where float32 has 127, so the moved bits are 2¹²⁰ too small, denormals included.</summary>
internal readonly unsafe struct Float8Elements : IElementFormat
{
    public static int Bytes => 1;

    public static bool HasPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> MultiplyAdd(Vector512<float> a, Vector512<float> b, Vector512<float> sum) => Vector512.FusedMultiplyAdd(a, b, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* source)
    {
        // A code whose sign fills the upper bytes has it in bit 31 after the move, and copies of it that the mask takes away.
        Vector512<int> moved = (Widening.SignedBytes((sbyte*)source) << 20) & Vector512.Create(unchecked((int)0x87F00000));
        return moved.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle((127 + 120) << 23));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Load(byte* source, out Vector512<float> first, out Vector512<float> second, out Vector512<float> third, out Vector512<float> fourth)
    {
        if (Float8Lanes.IsSupported)
        {
            Float8Lanes.Load(source, out first, out second, out third, out fourth);
            return;
        }

        first = Load(source);
        second = Load(source + 16);
        third = Load(source + 32);
        fourth = Load(source + 48);
    }
}
