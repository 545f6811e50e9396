using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Pointwise;

/// <summary>Arithmetic on one row of float32.</summary>
internal static unsafe class Elementwise
{
    /// <summary>y += x.</summary>
    public static void AddRow(float* y, float* x, int size)
    {
        int i = 0;
        for (; i + 16 <= size; i += 16) (Vector512.Load(y + i) + Vector512.Load(x + i)).Store(y + i);
        for (; i < size; i++) y[i] += x[i];
    }

    /// <summary>y += factor·x, the product not rounded.</summary>
    public static void AddScaledRow(float* y, float* x, float factor, int size)
    {
        int i = 0;
        Vector512<float> by = Vector512.Create(factor);
        for (; i + 16 <= size; i += 16) Vector512.FusedMultiplyAdd(Vector512.Load(x + i), by, Vector512.Load(y + i)).Store(y + i);
        for (; i < size; i++) y[i] = MathF.FusedMultiplyAdd(x[i], factor, y[i]);
    }

    /// <summary>x ·= factor.</summary>
    public static void ScaleRow(float* x, float factor, int size)
    {
        int i = 0;
        Vector512<float> by = Vector512.Create(factor);
        for (; i + 16 <= size; i += 16) (Vector512.Load(x + i) * by).Store(x + i);
        for (; i < size; i++) x[i] *= factor;
    }

    /// <summary>x = cap·tanh(x / cap).</summary>
    public static void SoftCapRow(float* x, float cap, int size)
    {
        int i = 0;
        Vector512<float> by = Vector512.Create(cap);
        for (; i + 16 <= size; i += 16) (by * VectorMath.Tanh(Vector512.Load(x + i) / by)).Store(x + i);
        if (i < size) PlainNumbers.StorePart(by * VectorMath.Tanh(PlainNumbers.LoadPart(x + i, size - i) / by), x + i, size - i);
    }
}
