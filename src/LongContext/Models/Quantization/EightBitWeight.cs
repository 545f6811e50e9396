// Shape suffixes: R rows, C columns.
using LongContext.Kernels;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A matrix in whole numbers from −127 to 127 times a factor for each row.</summary>
internal sealed class EightBitWeight : QuantizedWeight
{
    public const int Largest = 127;

    /// <summary>Values that are made in float32 at a time.</summary>
    private const long ElementsAtOnce = 8 << 20;

    /// <summary>[rows] float32: the row's largest magnitude / 127.</summary>
    public required Tensor Factors { get; init; }

    public override long ByteCount => Codes.numel() + (Factors.numel() * sizeof(float));

    public override Tensor Dequantize(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        if (FusedDequantization.EightBit(Codes, Factors, (firstRow, count), dataType) is { } fused_RC) return fused_RC;
        long columns = Shape[1], rowsAtOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, count));
        Tensor result_RC = empty([count, columns], dtype: dataType, device: Codes.device);
        for (long start = 0; start < count; start += rowsAtOnce)
        {
            using var scope = NewDisposeScope();
            long rows = Math.Min(rowsAtOnce, count - start), first = firstRow + start;
            result_RC.narrow(0, start, rows).copy_(Codes.narrow(0, first, rows).to(ScalarType.Float32).mul_(Factors.narrow(0, first, rows).unsqueeze(1)));
        }

        return result_RC;
    }

    public override void Dispose() => Factors.Dispose();
}
