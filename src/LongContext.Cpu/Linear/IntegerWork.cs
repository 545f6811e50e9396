using System.Runtime.Intrinsics.X86;
using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>Rows of x, rounded to 8 bits, against 4-bit codes by integer products.</summary>
internal static unsafe class IntegerWork
{
    /// <summary>Rows from which laying the codes anew is worth it.</summary>
    private const int ManyRows = 9;

    /// <summary>Rows that are rounded at once: they come from the last cache.</summary>
    private const long RowBytes = 8L << 20;

    /// <summary>Whether a matrix can be multiplied so.</summary>
    public static bool Takes(in WeightMatrix weight) => weight.Format == WeightFormat.Int4 && weight.GroupSize % InputRounding.Block == 0;

    /// <summary>Computes all outputs of rows.</summary>
    public static void Start(CpuTeam team, in WeightMatrix weight, float* x, long xStride, int rows, LinearResult result)
    {
        int most = (int)Math.Max(4 * ManyRows, RowBytes / (2L * weight.Inputs) / RowPanel.Rows * RowPanel.Rows);
        while (rows > 0)
        {
            int count = Math.Min(most, rows);
            if (Avx2.IsSupported && count >= ManyRows) IntegerPanelWork.Start(team, weight, x, xStride, count, result);
            else IntegerRowWork.Start(team, weight, x, xStride, count, result);
            x += count * xStride;
            result.Y += count * result.Stride;
            rows -= count;
        }
    }
}
