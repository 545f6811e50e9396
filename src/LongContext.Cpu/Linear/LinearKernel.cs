using LongContext.Cpu.Threads;

namespace LongContext.Cpu.Linear;

/// <summary>y = x·Wᵀ (+ b) for rows of float32.</summary>
internal static unsafe class LinearKernel
{
    /// <summary>Computes all rows.</summary>
    /// <param name="team">Who computes.</param>
    /// <param name="weight">W [outputs, inputs].</param>
    /// <param name="x">[rows, inputs], float32.</param>
    /// <param name="xStride">Elements from a row of x to the next.</param>
    /// <param name="y">[rows, outputs], float32.</param>
    /// <param name="yStride">Elements from a row of y to the next.</param>
    /// <param name="rows">Rows; 0 does nothing.</param>
    /// <param name="bias">b [outputs], float32; null for none.</param>
    /// <param name="adds">Whether the result is added to what y holds.</param>
    public static void Apply(CpuTeam team, in WeightMatrix weight, float* x, long xStride, float* y, long yStride, int rows, float* bias = null, bool adds = false)
    {
        if (weight.Format != WeightFormat.Float32) throw new NotSupportedException($"{weight.Format}");
        var w = (float*)weight.Codes;
        for (long row = 0; row < rows; row++)
        {
            for (long output = 0; output < weight.Outputs; output++)
            {
                float sum = 0;
                for (long input = 0; input < weight.Inputs; input++) sum += x[(row * xStride) + input] * w[(output * weight.Inputs) + input];
                if (bias is not null) sum += bias[output];
                y[(row * yStride) + output] = adds ? y[(row * yStride) + output] + sum : sum;
            }
        }
    }
}
