namespace LongContext.Evaluation.Metrics;

/// <summary>
/// numpy's mean of float64 numbers to the last bit: they are added in pairs of halves, not one after the other, so that the sum of many has
/// other last bits than a plain loop's (numpy, core/src/umath/loops_utils.h.src, pairwise sum).
/// </summary>
internal static class NumpyMean
{
    private const int Lanes = 8, Block = 128;

    /// <summary>The mean; NaN of nothing.</summary>
    public static double Of(ReadOnlySpan<double> values) => Sum(values) / values.Length;

    private static double Sum(ReadOnlySpan<double> values)
    {
        if (values.Length > Block)
        {
            int half = values.Length / 2;
            half -= half % Lanes;
            return Sum(values[..half]) + Sum(values[half..]);
        }

        double sum = 0;
        int i = 0;
        if (values.Length >= Lanes)
        {
            Span<double> lanes = stackalloc double[Lanes];
            values[..Lanes].CopyTo(lanes);
            for (i = Lanes; i + Lanes <= values.Length; i += Lanes)
            {
                for (int lane = 0; lane < Lanes; lane++) lanes[lane] += values[i + lane];
            }

            sum = (lanes[0] + lanes[1] + (lanes[2] + lanes[3])) + (lanes[4] + lanes[5] + (lanes[6] + lanes[7]));
        }

        for (; i < values.Length; i++) sum += values[i];
        return sum;
    }
}
