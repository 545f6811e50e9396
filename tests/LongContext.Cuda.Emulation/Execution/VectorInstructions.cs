using System.Runtime.Intrinsics;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>The most frequent float32 operations, eight lanes at a time.</summary>
internal sealed unsafe class VectorFloat(int d, int a, int b, int c, VectorFloat.Kind kind) : Instruction
{
    internal enum Kind
    {
        Add, Subtract, Multiply, Fused,
    }

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
                _ => Vector256.FusedMultiplyAdd(u, v, Vector256.Load(z + i)),
            };
            if (mask != ~0u)
                result = Vector256.ConditionalSelect(Lanes.Mask(mask >> i).AsSingle(), result, Vector256.Load(to + i));
            result.Store(to + i);
        }
    }
}

internal sealed unsafe class VectorExp2(int d, int a, bool flush) : Instruction
{
    public override void Execute(Warp w, uint mask)
    {
        float* to = (float*)(w.Registers + d), x = (float*)(w.Registers + a);
        for (int i = 0; mask != 0; i++, mask >>= 1)
        {
            if ((mask & 1) == 0)
                continue;
            float y = HalfMath.Exp2(flush ? HalfMath.Flush(x[i]) : x[i]);
            to[i] = flush ? HalfMath.Flush(y) : y;
        }
    }
}

internal static class Lanes
{
    /// <summary>All ones in the elements whose bit of the low eight is set.</summary>
    public static Vector256<uint> Mask(uint bits) =>
        Vector256.Equals(Vector256.Create(bits) & Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128), Vector256.Create(1u, 2, 4, 8, 16, 32, 64, 128));
}
