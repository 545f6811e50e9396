using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cpu.Attention;
using LongContext.Cpu.Linear;

namespace LongContext.Cpu.Pointwise;

/// <summary>Reads numbers of the plain formats (float32, bfloat16, float16) as float32, exactly.</summary>
internal static unsafe class PlainNumbers
{
    /// <summary>Bytes of a number.</summary>
    /// <exception cref="NotSupportedException">The format has codes and scales.</exception>
    public static int Bytes(WeightFormat format) => format switch
    {
        WeightFormat.Float32 => sizeof(float),
        WeightFormat.BFloat16 or WeightFormat.Float16 => sizeof(ushort),
        _ => throw new NotSupportedException($"The format is {format}, expected float32, bfloat16 or float16."),
    };

    /// <summary>16 numbers from an index on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(WeightFormat format, nint numbers, long index) => format switch
    {
        WeightFormat.Float32 => Vector512.Load((float*)numbers + index),
        WeightFormat.BFloat16 => (Widening.Words((ushort*)numbers + index) << 16).AsSingle(),
        _ => Halves(Widening.Words((ushort*)numbers + index)),
    };

    /// <summary>One number.</summary>
    public static float Load1(WeightFormat format, nint numbers, long index) => format switch
    {
        WeightFormat.Float32 => ((float*)numbers)[index],
        WeightFormat.BFloat16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)numbers)[index] << 16),
        _ => (float)((Half*)numbers)[index],
    };

    /// <summary>Up to 16 numbers, zeros behind them.</summary>
    public static Vector512<float> LoadPart(WeightFormat format, nint numbers, long index, int count)
    {
        float* part = stackalloc float[16];
        Vector512<float>.Zero.Store(part);
        for (int i = 0; i < count; i++) part[i] = Load1(format, numbers, index + i);
        return Vector512.Load(part);
    }

    /// <summary>Up to 16 float32, zeros behind them.</summary>
    public static Vector512<float> LoadPart(float* numbers, int count) => LoadPart(WeightFormat.Float32, (nint)numbers, 0, count);

    /// <summary>Writes the first numbers of a vector.</summary>
    public static void StorePart(Vector512<float> vector, float* target, int count)
    {
        float* part = stackalloc float[16];
        vector.Store(part);
        for (int i = 0; i < count; i++) target[i] = part[i];
    }

    /// <summary>float16: the exponent's bias is 15 where float32 has 127, so the moved bits are 2¹¹² too small, denormals included; infinities and NaNs get the largest exponent.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Halves(Vector512<uint> bits)
    {
        Vector512<uint> magnitude = (bits & Vector512.Create(0x7FFFu)) << 13, sign = (bits << 16) & Vector512.Create(0x80000000u);
        Vector512<uint> finite = (magnitude.AsSingle() * Vector512.Create(BitConverter.UInt32BitsToSingle((127 + 112) << 23))).AsUInt32();
        Vector512<uint> special = magnitude | Vector512.Create(0x7F800000u);
        return (Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(magnitude, Vector512.Create(0x7C00u << 13)), special, finite) | sign).AsSingle();
    }
}
