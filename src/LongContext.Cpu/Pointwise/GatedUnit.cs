using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Pointwise;

/// <summary>act(gate)·up (Shazeer 2020, arXiv:2002.05202, eq. 5 and 6).</summary>
internal static unsafe class GatedUnit
{
    /// <summary>Columns that a thread takes at a time.</summary>
    private const int Columns = 2048;

    private interface IFunction
    {
        static abstract Vector512<float> Of(Vector512<float> x);
    }

    /// <summary>y = act(gate)·up. Where gate and up lie in one product's row [gate | up], up is gate + size with the same stride.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="activation">act.</param>
    /// <param name="gate">[rows, size].</param>
    /// <param name="gateStride">Elements from a row of gate to the next.</param>
    /// <param name="up">[rows, size]; null for act(gate) alone.</param>
    /// <param name="upStride">Elements from a row of up to the next.</param>
    /// <param name="y">[rows, size]; may be gate or up.</param>
    /// <param name="yStride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="size">Numbers of a row.</param>
    public static void Apply(CpuTeam team, GateActivation activation, float* gate, long gateStride, float* up, long upStride, float* y, long yStride, int rows, int size)
    {
        switch (activation)
        {
            case GateActivation.Silu: Run<Silu>(team, gate, gateStride, up, upStride, y, yStride, rows, size); break;
            case GateActivation.Gelu: Run<Gelu>(team, gate, gateStride, up, upStride, y, yStride, rows, size); break;
            case GateActivation.GeluTanh: Run<GeluTanh>(team, gate, gateStride, up, upStride, y, yStride, rows, size); break;
            default: Run<Relu>(team, gate, gateStride, up, upStride, y, yStride, rows, size); break;
        }
    }

    private static void Run<TFunction>(CpuTeam team, float* gate, long gateStride, float* up, long upStride, float* y, long yStride, int rows, int size)
        where TFunction : struct, IFunction
    {
        var work = new Work<TFunction> { Gate = gate, GateStride = gateStride, Up = up, UpStride = upStride, Y = y, YStride = yStride, Size = size, Chunks = (size + Columns - 1) / Columns };
        RowWork.Run(team, ref work, rows * work.Chunks, (long)rows * size);
    }

    private struct Work<TFunction> : ITileWork
        where TFunction : struct, IFunction
    {
        public float* Gate;
        public long GateStride;
        public float* Up;
        public long UpStride;
        public float* Y;
        public long YStride;
        public int Size;
        public int Chunks;

        public readonly void Run(int tile, int worker)
        {
            long row = tile / Chunks;
            int i = tile % Chunks * Columns, end = Math.Min(Size, i + Columns);
            float* gate = Gate + (row * GateStride);
            float* up = Up is null ? null : Up + (row * UpStride);
            float* y = Y + (row * YStride);
            for (; i + 16 <= end; i += 16)
            {
                Vector512<float> value = TFunction.Of(Vector512.Load(gate + i));
                if (up is not null) value *= Vector512.Load(up + i);
                value.Store(y + i);
            }

            if (i == end) return;
            Vector512<float> last = TFunction.Of(PlainNumbers.LoadPart(gate + i, end - i));
            if (up is not null) last *= PlainNumbers.LoadPart(up + i, end - i);
            PlainNumbers.StorePart(last, y + i, end - i);
        }
    }

    private readonly struct Silu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => x / (Vector512<float>.One + VectorMath.Exp(-x));
    }

    private readonly struct Gelu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) =>
            x * Vector512.Create(0.5f) * (Vector512<float>.One + VectorMath.Erf(x * Vector512.Create(0.70710678f)));
    }

    private readonly struct GeluTanh : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x)
        {
            Vector512<float> inner = Vector512.FusedMultiplyAdd(x * x * x, Vector512.Create(0.044715f), x) * Vector512.Create(0.79788456f);
            return x * Vector512.Create(0.5f) * (Vector512<float>.One + VectorMath.Tanh(inner));
        }
    }

    private readonly struct Relu : IFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => Vector512.Max(x, Vector512<float>.Zero);
    }
}
