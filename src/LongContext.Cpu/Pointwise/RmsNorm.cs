using System.Runtime.Intrinsics;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Pointwise;

/// <summary>
/// Root-mean-square norm of rows: x / √(mean(x²) + ε) · (w + offset) (Zhang and Sennrich 2019, arXiv:1910.07467, eq. 4). Nothing is rounded below float32.
/// The squares of a row are summed in 64 lanes (lane j takes the numbers ≡ j mod 64 in order, by FMA), which come together by a fixed tree.
/// </summary>
internal static unsafe class RmsNorm
{
    private enum Form
    {
        Plain,
        AddBefore,
        AddAfter,
    }

    /// <summary>y = norm(x).</summary>
    /// <param name="team">Who works.</param>
    /// <param name="weight">w, offset and ε.</param>
    /// <param name="x">[rows, size].</param>
    /// <param name="xStride">Elements from a row of x to the next.</param>
    /// <param name="y">[rows, size]; may be x.</param>
    /// <param name="yStride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="size">Numbers of a row.</param>
    public static void Apply(CpuTeam team, in NormWeight weight, float* x, long xStride, float* y, long yStride, int rows, int size) =>
        Run(team, new Work { Form = Form.Plain, Weight = weight, X = x, XStride = xStride, Y = y, YStride = yStride, Rows = rows, Size = size, Heads = 1 });

    /// <summary>residual += delta, y = norm(residual), in one pass.</summary>
    public static void AddApply(CpuTeam team, in NormWeight weight, float* residual, long residualStride, float* delta, long deltaStride, float* y, long yStride, int rows, int size) =>
        Run(team, new Work { Form = Form.AddBefore, Weight = weight, X = residual, XStride = residualStride, Delta = delta, DeltaStride = deltaStride, Y = y, YStride = yStride, Rows = rows, Size = size, Heads = 1 });

    /// <summary>residual += norm(x).</summary>
    public static void ApplyAdd(CpuTeam team, in NormWeight weight, float* x, long xStride, float* residual, long residualStride, int rows, int size) =>
        Run(team, new Work { Form = Form.AddAfter, Weight = weight, X = x, XStride = xStride, Y = residual, YStride = residualStride, Rows = rows, Size = size, Heads = 1 });

    /// <summary>Norms each head of each row [rows, heads, headSize] in place; the weights are one head's.</summary>
    public static void Heads(CpuTeam team, in NormWeight weight, float* x, long xStride, int rows, int heads, int headSize) =>
        Run(team, new Work { Form = Form.Plain, Weight = weight, X = x, XStride = xStride, Y = x, YStride = xStride, Rows = rows, Size = headSize, Heads = heads });

    private static void Run(CpuTeam team, Work work)
    {
        if (work.Weight.Weights != 0) _ = PlainNumbers.Bytes(work.Weight.Format);
        long numbers = (long)work.Size * work.Heads;
        work.RowsPerTile = RowWork.RowsPerTile(numbers);
        RowWork.Run(team, ref work, (work.Rows + work.RowsPerTile - 1) / work.RowsPerTile, work.Rows * numbers);
    }

    private struct Work : ITileWork
    {
        public Form Form;
        public NormWeight Weight;
        public float* X;
        public long XStride;
        public float* Delta;
        public long DeltaStride;
        public float* Y;
        public long YStride;
        public int Rows;
        public int Size;
        public int Heads;
        public int RowsPerTile;

        public readonly void Run(int tile, int worker)
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                float* x = X + (row * XStride);
                if (Form == Form.AddBefore) Elementwise.AddRow(x, Delta + (row * DeltaStride), Size);
                for (int head = 0; head < Heads; head++) Norm(x + (head * Size), Y + (row * YStride) + (head * Size));
            }
        }

        private readonly void Norm(float* x, float* y)
        {
            Vector512<float> factor = Vector512.Create(1 / MathF.Sqrt((SumOfSquares(x, Size) / Size) + Weight.Epsilon));
            int i = 0;
            for (; i + 16 <= Size; i += 16)
            {
                Vector512<float> value = Vector512.Load(x + i) * factor;
                if (Weight.Weights != 0) value *= PlainNumbers.Load(Weight.Format, Weight.Weights, i) + Vector512.Create(Weight.Offset);
                if (Form == Form.AddAfter) value += Vector512.Load(y + i);
                value.Store(y + i);
            }

            int left = Size - i;
            if (left == 0) return;
            Vector512<float> last = PlainNumbers.LoadPart(x + i, left) * factor;
            if (Weight.Weights != 0) last *= PlainNumbers.LoadPart(Weight.Format, Weight.Weights, i, left) + Vector512.Create(Weight.Offset);
            if (Form == Form.AddAfter) last += PlainNumbers.LoadPart(y + i, left);
            PlainNumbers.StorePart(last, y + i, left);
        }

        private static float SumOfSquares(float* x, int size)
        {
            Vector512<float> a = default, b = default, c = default, d = default;
            int i = 0;
            for (; i + 64 <= size; i += 64)
            {
                Vector512<float> p = Vector512.Load(x + i), q = Vector512.Load(x + i + 16), r = Vector512.Load(x + i + 32), s = Vector512.Load(x + i + 48);
                a = Vector512.FusedMultiplyAdd(p, p, a);
                b = Vector512.FusedMultiplyAdd(q, q, b);
                c = Vector512.FusedMultiplyAdd(r, r, c);
                d = Vector512.FusedMultiplyAdd(s, s, d);
            }

            for (; i < size; i += 16)
            {
                // Behind the last number come zeros; the first vectors of a last, partial 64 go to a, b, c in turn.
                Vector512<float> p = size - i >= 16 ? Vector512.Load(x + i) : PlainNumbers.LoadPart(x + i, size - i);
                switch (i / 16 % 4)
                {
                    case 0: a = Vector512.FusedMultiplyAdd(p, p, a); break;
                    case 1: b = Vector512.FusedMultiplyAdd(p, p, b); break;
                    case 2: c = Vector512.FusedMultiplyAdd(p, p, c); break;
                    default: d = Vector512.FusedMultiplyAdd(p, p, d); break;
                }
            }

            return VectorMath.Sum((a + b) + (c + d));
        }
    }
}
