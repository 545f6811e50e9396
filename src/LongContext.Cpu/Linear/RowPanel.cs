using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace LongContext.Cpu.Linear;

/// <summary>
/// Rows of x as the tiles read them: panels of six rows, and one of 1, 2, 4 or 6 for the rest (missing rows are 0), each as [chunks, rows of the panel, 16]. Inputs beyond the last are 0.
/// </summary>
internal static unsafe class RowPanel
{
    /// <summary>Rows of a full panel.</summary>
    public const int Rows = 6;

    /// <summary>Rows that a panel for so many rows holds.</summary>
    public static int Height(int rows) => rows switch { >= 5 => 6, >= 3 => 4, _ => rows };

    /// <summary>Numbers that packed rows take.</summary>
    public static long Size(int rows, int inputs) => (((long)rows / Rows * Rows) + Height(rows % Rows)) * Chunks(inputs) * 16;

    /// <summary>Sixteens of inputs, the last one perhaps not full.</summary>
    public static int Chunks(int inputs) => (int)(((long)inputs + 15) / 16);

    /// <summary>Packs one panel.</summary>
    /// <param name="x">The panel's first row.</param>
    /// <param name="stride">Elements from a row to the next.</param>
    /// <param name="rows">Rows, 1 … 6.</param>
    /// <param name="inputs">Numbers of a row.</param>
    /// <param name="panel">Where to.</param>
    public static void Pack(float* x, long stride, int rows, int inputs, float* panel)
    {
        int height = Height(rows);
        for (int row = 0; row < height; row++) PackRow(row < rows ? x + (row * stride) : null, inputs, panel + (row * 16), height * 16);
    }

    /// <summary>Writes a row (null: zeros) as sixteens that lie <paramref name="step"/> numbers apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackRow(float* x, int inputs, float* to, nint step)
    {
        if (x is null)
        {
            for (int chunk = Chunks(inputs); chunk > 0; chunk--, to += step) Vector512<float>.Zero.Store(to);
            return;
        }

        int input = 0;
        for (; input <= inputs - 16; input += 16, to += step) Vector512.Load(x + input).Store(to);
        if (input == inputs) return;
        for (int lane = 0; lane < 16; lane++) to[lane] = input + lane < inputs ? x[input + lane] : 0;
    }
}
