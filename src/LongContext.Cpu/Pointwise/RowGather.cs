using System.Runtime.Intrinsics;
using LongContext.Cpu.Linear;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Pointwise;

/// <summary>Rows of an embedding table as float32.</summary>
internal static unsafe class RowGather
{
    /// <summary>y[row] = table[ids[row]]·factor.</summary>
    /// <param name="team">Who works.</param>
    /// <param name="format">float32, bfloat16 or float16.</param>
    /// <param name="table">[vocabulary, size].</param>
    /// <param name="size">Numbers of a row.</param>
    /// <param name="ids">[rows], inside the table.</param>
    /// <param name="y">[rows, size].</param>
    /// <param name="stride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="factor">Factor; 1 for none.</param>
    public static void Apply(CpuTeam team, WeightFormat format, nint table, int size, int* ids, float* y, long stride, int rows, float factor = 1)
    {
        var work = new Work { Format = format, Table = table, RowBytes = (long)size * PlainNumbers.Bytes(format), Size = size, Ids = ids, Y = y, Stride = stride, Rows = rows, Factor = factor, RowsPerTile = RowWork.RowsPerTile(size) };
        RowWork.Run(team, ref work, (rows + work.RowsPerTile - 1) / work.RowsPerTile, (long)rows * size);
    }

    private struct Work : ITileWork
    {
        public WeightFormat Format;
        public nint Table;
        public long RowBytes;
        public int Size;
        public int* Ids;
        public float* Y;
        public long Stride;
        public int Rows;
        public float Factor;
        public int RowsPerTile;

        public readonly void Run(int tile, int worker)
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            Vector512<float> factor = Vector512.Create(Factor);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                nint source = Table + (nint)(Ids[row] * RowBytes);
                float* target = Y + (row * Stride);
                int i = 0;
                for (; i + 16 <= Size; i += 16) (PlainNumbers.Load(Format, source, i) * factor).Store(target + i);
                for (; i < Size; i++) target[i] = PlainNumbers.Load1(Format, source, i) * Factor;
            }
        }
    }
}
