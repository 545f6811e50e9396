using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>y = x·Wᵀ (+ b) for rows of float32.</summary>
/// <remarks>
/// What a row of y holds does not depend by one bit on the other rows, on their number, nor on the number of threads (see <see cref="DotTile"/>). A row's scale (Int8, Float8) multiplies the
/// finished sum; then the bias is added, then what y held. Where inputs are rounded, results are those of <see cref="IntegerRow"/>.
/// </remarks>
internal static unsafe class LinearKernel
{
    /// <summary>Packed rows of x stay within this, so that they come from the last cache.</summary>
    private const long RowBytes = 8L << 20;

    /// <summary>Whether there is a kernel that multiplies a matrix with rounded inputs.</summary>
    public static bool RoundsFor(in WeightMatrix weight) => IntegerWork.Takes(weight);

    /// <summary>Computes all rows.</summary>
    /// <param name="team">Who computes.</param>
    /// <param name="weight">W [outputs, inputs].</param>
    /// <param name="x">[rows, inputs], float32.</param>
    /// <param name="xStride">Elements from a row of x to the next.</param>
    /// <param name="y">[rows, outputs], float32; does not overlap x.</param>
    /// <param name="yStride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows; 0 does nothing.</param>
    /// <param name="bias">b [outputs], float32; null for none.</param>
    /// <param name="adds">Whether the result is added to what y holds.</param>
    public static void Apply(CpuTeam team, in WeightMatrix weight, float* x, long xStride, float* y, long yStride, int rows, float* bias = null, bool adds = false)
    {
        if (rows <= 0) return;
        if (weight.RoundsInputs && IntegerWork.Takes(weight))
        {
            IntegerWork.Start(team, weight, x, xStride, rows, new LinearResult { Y = y, Stride = yStride, Bias = bias, Adds = adds });
            return;
        }

        long most = Math.Max(48, RowBytes / (RowPanel.Chunks(weight.Inputs) * 64L));
        int parts = (int)((rows + most - 1) / most);
        int height = (((rows + parts - 1) / parts) + RowPanel.Rows - 1) / RowPanel.Rows * RowPanel.Rows;
        for (int row = 0; row < rows; row += height)
        {
            Part(team, weight, x + (row * xStride), xStride, new LinearResult { Y = y + (row * yStride), Stride = yStride, Bias = bias, Adds = adds }, Math.Min(height, rows - row));
        }
    }

    private static void Part(CpuTeam team, in WeightMatrix weight, float* x, long xStride, LinearResult result, int rows)
    {
        float* packed = x;
        if (rows > 1 || weight.Inputs % 16 != 0)
        {
            packed = (float*)team.SharedScratch(RowPanel.Size(rows, weight.Inputs) * sizeof(float));
            var packing = new RowPackingWork { X = x, Stride = xStride, Rows = rows, Inputs = weight.Inputs, Packed = packed };
            int panels = (rows + RowPanel.Rows - 1) / RowPanel.Rows;
            if (panels > 4) team.Run(ref packing, panels);
            else for (int panel = 0; panel < panels; panel++) packing.Run(panel, 0);
        }

        if (rows == 1 && NibbleWork.Takes(weight)) NibbleWork.Start(team, weight, packed, result);
        else if (DirectWork.Takes(weight, rows)) DirectWork.Start(team, weight, packed, rows, result);
        else PanelWork.Start(team, weight, packed, rows, result);
    }
}
