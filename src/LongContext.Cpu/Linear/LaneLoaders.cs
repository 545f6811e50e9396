using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>float32 as it lies in a model's matrix.</summary>
internal readonly unsafe struct Float32Loader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 64;

    /// <inheritdoc />
    public static nint Half => 32;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address) => Vector512.Load((float*)address);

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address) => Vector256.Load((float*)address);
}

/// <summary>float32 of four rows, sixteen of each in turn: what <see cref="WeightPanel"/> writes.</summary>
internal readonly unsafe struct PanelLoader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 256;

    /// <inheritdoc />
    public static nint Half => 32;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address) => Vector512.LoadAligned((float*)address);

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address) => Vector256.LoadAligned((float*)address);
}

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly unsafe struct BFloat16Loader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 32;

    /// <inheritdoc />
    public static nint Half => 16;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address) => (LaneWidening.FromUInt16(address) << 16).AsSingle();

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address) => (LaneWidening.HalfFromInt16(address) << 16).AsSingle();
}

/// <summary>IEEE float16, subnormal numbers, infinities and NaN included.</summary>
internal readonly unsafe struct Float16Loader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 32;

    /// <inheritdoc />
    public static nint Half => 16;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address)
    {
        // Sign to bit 31, the rest as exponent and fraction of a float32 that is 2^112 too small: the product is exact for subnormal numbers too.
        Vector512<int> bits = (LaneWidening.FromInt16(address) << 13) & Vector512.Create(unchecked((int)0x8FFFE000));
        Vector512<float> value = bits.AsSingle() * Vector512.Create(5.192296858534828e33f);
        // Exponent 31 is infinity or NaN: all ones.
        Vector512<int> special = Vector512.GreaterThanOrEqual(bits & Vector512.Create(0x0F800000), Vector512.Create(0x0F800000));
        return Vector512.ConditionalSelect(special.AsSingle(), (value.AsInt32() | Vector512.Create(0x7F800000)).AsSingle(), value);
    }

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address)
    {
        Vector256<int> bits = (LaneWidening.HalfFromInt16(address) << 13) & Vector256.Create(unchecked((int)0x8FFFE000));
        Vector256<float> value = bits.AsSingle() * Vector256.Create(5.192296858534828e33f);
        Vector256<int> special = Vector256.GreaterThanOrEqual(bits & Vector256.Create(0x0F800000), Vector256.Create(0x0F800000));
        return (value.AsInt32() | (special & Vector256.Create(0x7F800000))).AsSingle();
    }
}

/// <summary>Signed bytes as numbers; the row's scale comes at the end.</summary>
internal readonly unsafe struct Int8Loader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 16;

    /// <inheritdoc />
    public static nint Half => 8;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address) => Vector512.ConvertToSingle(LaneWidening.FromSByte(address));

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address) => Vector256.ConvertToSingle(LaneWidening.HalfFromSByte(address));
}

/// <summary>E4M3 as numbers; the row's scale comes at the end.</summary>
internal readonly unsafe struct Float8Loader : ILaneLoader
{
    /// <inheritdoc />
    public static nint Step => 16;

    /// <inheritdoc />
    public static nint Half => 8;

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load(byte* address)
    {
        Vector512<int> code = LaneWidening.FromSByte(address);
        // As for float16: 2^120 too small, exact for subnormal numbers too.
        Vector512<float> value = ((code << 20) & Vector512.Create(unchecked((int)0x87F00000))).AsSingle() * Vector512.Create(1.329227995784916e36f);
        Vector512<int> special = Vector512.Equals(code & Vector512.Create(0x7F), Vector512.Create(0x7F)); // NaN; there are no infinities
        return Vector512.ConditionalSelect(special.AsSingle(), Vector512.Create(float.NaN), value);
    }

    /// <inheritdoc />
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* address)
    {
        Vector256<int> code = LaneWidening.HalfFromSByte(address);
        Vector256<float> value = ((code << 20) & Vector256.Create(unchecked((int)0x87F00000))).AsSingle() * Vector256.Create(1.329227995784916e36f);
        Vector256<int> special = Vector256.Equals(code & Vector256.Create(0x7F), Vector256.Create(0x7F));
        return (value.AsInt32() | (special & Vector256.Create(0x7FC00000))).AsSingle();
    }
}
