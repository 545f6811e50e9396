using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>The most frequent float32 operations, eight lanes at a time.</summary>
internal sealed unsafe class VectorFloat(int d, int a, int b, int c, VectorFloat.Kind kind) : Instruction
{
    internal enum Kind
    {
        Add, Subtract, Multiply, Fused, Minimum, Maximum,
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        float* to = (float*)(w.Registers + d), x = (float*)(w.Registers + a), y = (float*)(w.Registers + b), z = (float*)(w.Registers + c);
        for (int i = 0; i < 32; i += 8)
        {
            Vector256<float> u = Vector256.Load(x + i), v = Vector256.Load(y + i);
            Vector256<float> result = kind switch
            {
                Kind.Add => u + v,
                Kind.Subtract => u - v,
                Kind.Multiply => u * v,
                Kind.Minimum => Vector256.MinNumber(u, v),
                Kind.Maximum => Vector256.MaxNumber(u, v),
                _ => Vector256.FusedMultiplyAdd(u, v, Vector256.Load(z + i)),
            };
            if (mask != ~0u)
                result = Vector256.ConditionalSelect(Lanes.Mask(mask >> i).AsSingle(), result, Vector256.Load(to + i));
            result.Store(to + i);
        }
    }
}

/// <summary>cvt.rn.bf16x2.f32: two numbers rounded to the nearest, ties to even, and packed.</summary>
internal sealed unsafe class VectorPack(int d, int high, int low) : Instruction
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Execute(Warp w, uint mask)
    {
        uint* to = (uint*)(w.Registers + d), h = (uint*)(w.Registers + high), l = (uint*)(w.Registers + low);
        for (int i = 0; i < 32; i += 8)
        {
            Vector256<uint> result = (Round(Vector256.Load(h + i)) << 16) | Round(Vector256.Load(l + i));
            if (mask != ~0u)
                result = Vector256.ConditionalSelect(Lanes.Mask(mask >> i), result, Vector256.Load(to + i));
            result.Store(to + i);
        }
    }

    private static Vector256<uint> Round(Vector256<uint> bits)
    {
        Vector256<uint> rounded = (bits + Vector256.Create(0x7fffu) + ((bits >> 16) & Vector256.Create(1u))) >> 16;
        Vector256<uint> nan = Vector256.GreaterThan(bits & Vector256.Create(0x7fffffffu), Vector256.Create(0x7f800000u));
        return Vector256.ConditionalSelect(nan, Vector256.Create(0x7fffu), rounded);
    }
}

internal static class Lanes
{
    /// <summary>All ones in the elements whose bit of the low eight is set.</summary>
    public static Vector256<uint> Mask(uint bits) =>
        Vector256.Equals(Vector256.Create(bits) & Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128), Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128));
}
