// Shape suffixes: R rows, C columns, P bytes of a row (two values each), B blocks of a row.
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A matrix in 4-bit NormalFloat: value = codebook[code] · its block's magnitude, multiplied in float32 and rounded once.</summary>
internal sealed class Nf4Weight : QuantizedWeight
{
    /// <summary>Values that are made in float32 at a time.</summary>
    private const long ElementsAtOnce = 8 << 20;

    /// <summary>Magnitudes row by row.</summary>
    public required Nf4Magnitudes Magnitudes { get; init; }

    /// <summary>[256, 2] float32 on the codes' device.</summary>
    public required Tensor Pairs { get; init; }

    public override long ByteCount => Codes.numel() + Magnitudes.ByteCount;

    public override Tensor Dequantize(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        if (Magnitudes.DequantizeFused(Codes, Shape[1], (firstRow, count), dataType) is { } fused_RC) return fused_RC;
        if (Codes.device.type != DeviceType.CPU) return DequantizeByTensors(firstRow, count, dataType);
        Tensor result_RC = empty([count, Shape[1]], dtype: dataType);
        using var scope = NewDisposeScope();
        long blocks = Nf4Rows.BlocksOf(Shape[1]);
        Nf4HostReader.Read(Codes.narrow(0, firstRow, count), Magnitudes.Read(firstRow * blocks, count * blocks).contiguous(), result_RC);
        return result_RC;
    }

    /// <summary>By tensor operations, which run on every device.</summary>
    public Tensor DequantizeByTensors(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        long columns = Shape[1], blocks = Nf4Rows.BlocksOf(columns), rowsAtOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, count));
        Tensor result_RC = empty([count, columns], dtype: dataType, device: Codes.device);
        for (long start = 0; start < count; start += rowsAtOnce)
        {
            using var scope = NewDisposeScope();
            long rows = Math.Min(rowsAtOnce, count - start);
            result_RC.narrow(0, start, rows).copy_(Rows(firstRow + start, rows, columns, blocks));
        }

        return result_RC;
    }

    public override void Dispose()
    {
        Magnitudes.Dispose();
        Pairs.Dispose();
    }

    private Tensor Rows(long first, long count, long columns, long blocks)
    {
        using var scope = NewDisposeScope();
        Tensor codes_N = Codes.narrow(0, first, count).reshape(-1).to(ScalarType.Int32);
        Tensor values_RC = Pairs.index_select(0, codes_N).reshape(count, 2 * Codes.size(1));
        Tensor magnitudes_RB = Magnitudes.Read(first * blocks, count * blocks).reshape(count, blocks);
        if (columns % Nf4Rows.BlockSize == 0)
            values_RC.view(count, blocks, Nf4Rows.BlockSize).mul_(magnitudes_RB.unsqueeze(2));
        else
            values_RC = values_RC.narrow(1, 0, columns) * magnitudes_RB.repeat_interleave(Nf4Rows.BlockSize, 1).narrow(1, 0, columns);
        return values_RC.MoveToOuterDisposeScope();
    }
}
