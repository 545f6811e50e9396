using System.Runtime.Intrinsics;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Pointwise;

/// <summary>
/// Rotary position embedding in half-split pairing: numbers i and i + half of a head turn by the angle of frequency i (Su et al. 2021, arXiv:2104.09864, eq. 34). What lies behind the first 2·half numbers stays.
/// </summary>
internal static unsafe class Rotary
{
    /// <summary>Rotates heads in place.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="x">[rows, heads, headSize].</param>
    /// <param name="stride">Elements from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="heads">Heads.</param>
    /// <param name="headSize">Numbers of a head, at least 2·half.</param>
    /// <param name="positions">[rows]: row of the tables for each row.</param>
    /// <param name="cosines">[positions, half], attention factor inside.</param>
    /// <param name="sines">[positions, half], attention factor inside.</param>
    /// <param name="half">Pairs of a head.</param>
    public static void Apply(CpuTeam team, float* x, long stride, int rows, int heads, int headSize, int* positions, float* cosines, float* sines, int half)
    {
        var work = new Work { X = x, Stride = stride, Rows = rows, Heads = heads, HeadSize = headSize, Positions = positions, Cosines = cosines, Sines = sines, Half = half };
        long numbers = (long)heads * headSize;
        work.RowsPerTile = RowWork.RowsPerTile(numbers);
        RowWork.Run(team, ref work, (rows + work.RowsPerTile - 1) / work.RowsPerTile, rows * numbers);
    }

    private struct Work : ITileWork
    {
        public float* X;
        public long Stride;
        public int Rows;
        public int Heads;
        public int HeadSize;
        public int* Positions;
        public float* Cosines;
        public float* Sines;
        public int Half;
        public int RowsPerTile;

        public readonly void Run(int tile, int worker)
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                float* cosines = Cosines + ((long)Positions[row] * Half);
                float* sines = Sines + ((long)Positions[row] * Half);
                for (int head = 0; head < Heads; head++) Rotate(X + (row * Stride) + (head * HeadSize), cosines, sines, Half);
            }
        }
    }

    /// <summary>Rotates one head in place.</summary>
    public static void Rotate(float* head, float* cosines, float* sines, int half)
    {
        int i = 0;
        for (; i + 16 <= half; i += 16)
        {
            Vector512<float> x = Vector512.Load(head + i), y = Vector512.Load(head + half + i);
            Vector512<float> cosine = Vector512.Load(cosines + i), sine = Vector512.Load(sines + i);
            Vector512.FusedMultiplyAdd(-y, sine, x * cosine).Store(head + i);
            Vector512.FusedMultiplyAdd(x, sine, y * cosine).Store(head + half + i);
        }

        for (; i < half; i++)
        {
            float x = head[i], y = head[half + i];
            head[i] = MathF.FusedMultiplyAdd(-y, sines[i], x * cosines[i]);
            head[half + i] = MathF.FusedMultiplyAdd(x, sines[i], y * cosines[i]);
        }
    }
}
