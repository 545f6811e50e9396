// Shape suffixes: R rows, C columns.
using LongContext.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A matrix in 8-bit floats (e4m3) times a factor for each row; multiplied in float32 and rounded once.</summary>
internal sealed class Float8Weight : QuantizedWeight
{
    /// <summary>The largest value of the type.</summary>
    public const float Largest = 448;

    /// <summary>Values that are made in float32 at a time.</summary>
    private const long ElementsAtOnce = 8 << 20;

    private static readonly float[] Values = [.. Enumerable.Range(0, 256).Select(code => Float8E4M3.ToSingle((byte)code))];

    /// <summary>[R] float32.</summary>
    public required Tensor Factors { get; init; }

    public override long ByteCount => Codes.numel() + (Factors.numel() * sizeof(float));

    public override unsafe Tensor Dequantize(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        if (Codes.device.type != DeviceType.CPU) return DequantizeByTensors(firstRow, count, dataType);
        Tensor result_RC = empty([count, Shape[1]], dtype: dataType);
        if (result_RC.numel() == 0) return result_RC;
        byte* codes = Codes.DataPointer();
        float* factors = (float*)Factors.DataPointer();
        long columns = Shape[1];
        HostRows.Read(firstRow, result_RC, (row, values) =>
        {
            byte* source = codes + (row * columns);
            float factor = factors[row];
            for (int i = 0; i < values.Length; i++) values[i] = Values[source[i]] * factor;
        });
        return result_RC;
    }

    /// <summary>By tensor operations, which run on every device, with the bits of the host's way.</summary>
    public Tensor DequantizeByTensors(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        long columns = Shape[1], rowsAtOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, count));
        Tensor result_RC = empty([count, columns], dtype: dataType, device: Codes.device);
        using var outer = NewDisposeScope();
        Tensor table = tensor(Values).to(Codes.device);
        for (long start = 0; start < count; start += rowsAtOnce)
        {
            using var scope = NewDisposeScope();
            long rows = Math.Min(rowsAtOnce, count - start), first = firstRow + start;
            Tensor values_RC = table.index_select(0, Codes.narrow(0, first, rows).reshape(-1).to(ScalarType.Int32)).reshape(rows, columns);
            result_RC.narrow(0, start, rows).copy_(values_RC.mul_(Factors.narrow(0, first, rows).unsqueeze(1)));
        }

        return result_RC;
    }

    public override void Dispose() => Factors.Dispose();
}
