// Shape suffixes: R rows, C columns.
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>How far a quantised matrix is from what it was.</summary>
internal static class QuantizationError
{
    /// <summary>Values that are compared at a time.</summary>
    private const long ElementsAtOnce = 4 << 20;

    /// <summary>‖W − Q‖ / ‖W‖.</summary>
    public static double OfWeights(Tensor weight_RC, QuantizedWeight quantized) => Ratio(weight_RC, quantized, difference_RC => (difference_RC * difference_RC).sum());

    /// <summary>‖(W − Q)X‖ / ‖WX‖ where H = XXᵀ times any factor: √(tr((W − Q)H(W − Q)ᵀ) / tr(WHWᵀ)).</summary>
    public static double OfOutputs(Tensor weight_RC, QuantizedWeight quantized, Tensor hessian_CC) =>
        Ratio(weight_RC, quantized, difference_RC => (difference_RC.matmul(hessian_CC) * difference_RC).sum());

    private static double Ratio(Tensor weight_RC, QuantizedWeight quantized, Func<Tensor, Tensor> measure)
    {
        using var noGradient = no_grad();
        double error = 0, size = 0;
        long rows = weight_RC.size(0), atOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, weight_RC.size(1)), 1, Math.Max(1, rows));
        for (long start = 0; start < rows; start += atOnce)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(atOnce, rows - start);
            Tensor part_RC = weight_RC.narrow(0, start, count).to(ScalarType.Float64), difference_RC = part_RC.Minus(quantized.Dequantize(start, count, ScalarType.Float64));
            error += measure(difference_RC).Value();
            size += measure(part_RC).Value();
        }

        return size <= 0 ? 0 : Math.Sqrt(Math.Max(0, error) / size);
    }
}
