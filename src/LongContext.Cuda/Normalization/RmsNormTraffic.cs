using LongContext.Cuda.Pointwise;

namespace LongContext.Cuda.Normalization;

/// <summary>Bytes that RMS norms must move between a GPU's memory and its multiprocessors: benchmarks divide them by time.</summary>
internal static class RmsNormTraffic
{
    /// <summary>x and y, twice as much with a residual and the sum, and the weight once.</summary>
    public static long Forward(in RmsNormShape shape, bool residual) => ((residual ? 4 : 2) * Elements(shape)) + Weight(shape);

    /// <summary>x, gradient, result, what is added where there is something, the weight, and the sums of its gradient.</summary>
    /// <param name="shape">Sizes.</param>
    /// <param name="added">Whether a gradient is added.</param>
    /// <param name="partialRows">Rows of sums that are written and read again; 0 where the weight does not train.</param>
    public static long Backward(in RmsNormShape shape, bool added, int partialRows) =>
        ((added ? 4 : 3) * Elements(shape)) + Weight(shape) + (partialRows == 0 ? 0 : (2L * partialRows * shape.Columns * sizeof(float)) + Weight(shape));

    private static long Elements(in RmsNormShape shape) => (long)shape.Rows * shape.Columns * shape.Type.Bytes();

    private static long Weight(in RmsNormShape shape) => (long)shape.Columns * shape.WeightType.Bytes();
}
