// Shape suffixes: R rows, C columns, P bytes of a row (two values each), G groups of a row.
using LongContext.Checkpoints.Quantization;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// A matrix in whole numbers of four bits: value = scale · (code − zero point), both of the value's group of columns; multiplied in float32
/// and rounded once. Codes lie two in a byte, the first in the low half, rows one after another.
/// </summary>
internal sealed class Int4Weight : QuantizedWeight
{
    /// <summary>The zero point where none are given.</summary>
    public const int Middle = 8;

    /// <summary>Values that are made in float32 at a time.</summary>
    private const long ElementsAtOnce = 8 << 20;

    private static readonly float[] PairsOfCodes = [.. Enumerable.Range(0, 256).SelectMany(code => new float[] { code & 15, code >> 4 })];

    /// <summary>[R, G] float32.</summary>
    public required Tensor Scales { get; init; }

    /// <summary>[R, G], a byte each, 0 to 15; null where all are <see cref="Middle"/>.</summary>
    public required Tensor? Zeros { get; init; }

    /// <summary>Columns that share a scale; the last group of a row may have fewer.</summary>
    public required int GroupSize { get; init; }

    /// <summary>The column whose codes lie at each place; null where they lie in order.</summary>
    public int[]? Columns { get; init; }

    public override long ByteCount => Codes.numel() + (Scales.numel() * sizeof(float)) + (Zeros?.numel() ?? 0) + ((Columns?.Length ?? 0) * sizeof(int));

    /// <summary>Groups of a row.</summary>
    public int Groups => (int)Scales.size(1);

    public override unsafe Tensor Dequantize(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        if (Codes.device.type != DeviceType.CPU) return DequantizeByTensors(firstRow, count, dataType);
        Tensor result_RC = empty([count, Shape[1]], dtype: dataType);
        if (result_RC.numel() == 0) return result_RC;
        byte* codes = Codes.DataPointer(), zeros = Zeros is null ? null : Zeros.DataPointer();
        float* scales = (float*)Scales.DataPointer();
        int columns = (int)Shape[1], groups = Groups;
        long rowBytes = FourBitWords.RowBytes(columns);
        HostRows.Read(firstRow, result_RC, (row, values) => ReadRow(
            new ReadOnlySpan<byte>(codes + (row * rowBytes), (int)rowBytes),
            new ReadOnlySpan<float>(scales + (row * groups), groups),
            zeros is null ? default : new ReadOnlySpan<byte>(zeros + (row * groups), groups),
            values));
        return result_RC;
    }

    /// <summary>By tensor operations, which run on every device, with the bits of the host's way.</summary>
    public Tensor DequantizeByTensors(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        long columns = Shape[1], rowsAtOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, count));
        Tensor result_RC = empty([count, columns], dtype: dataType, device: Codes.device);
        using var outer = NewDisposeScope();
        Tensor pairs = tensor(PairsOfCodes).reshape(256, 2).to(Codes.device);
        Tensor? places_C = Columns is null ? null : tensor(PlacesOf(Columns)).to(Codes.device);
        for (long start = 0; start < count; start += rowsAtOnce)
        {
            using var scope = NewDisposeScope();
            long rows = Math.Min(rowsAtOnce, count - start);
            result_RC.narrow(0, start, rows).copy_(Rows(firstRow + start, rows, pairs, places_C));
        }

        return result_RC;
    }

    public override void Dispose()
    {
        Scales.Dispose();
        Zeros?.Dispose();
    }

    private Tensor Rows(long first, long count, Tensor pairs, Tensor? places_C)
    {
        long columns = Shape[1];
        Tensor values_RC = pairs.index_select(0, Codes.narrow(0, first, count).reshape(-1).to(ScalarType.Int32)).reshape(count, 2 * Codes.size(1)).narrow(1, 0, columns);
        Tensor zeros_RC = Zeros is null
            ? TensorArithmetic.Filled([1], Middle, ScalarType.Float32, Codes.device)
            : Zeros.narrow(0, first, count).to(ScalarType.Float32).repeat_interleave(GroupSize, 1).narrow(1, 0, columns);
        values_RC = values_RC.Minus(zeros_RC) * Scales.narrow(0, first, count).repeat_interleave(GroupSize, 1).narrow(1, 0, columns);
        return places_C is null ? values_RC : values_RC.index_select(1, places_C);
    }

    private void ReadRow(ReadOnlySpan<byte> codes, ReadOnlySpan<float> scales, ReadOnlySpan<byte> zeros, Span<float> values)
    {
        Span<float> products = stackalloc float[16];
        for (int group = 0, start = 0; start < values.Length; group++, start += GroupSize)
        {
            int zero = zeros.IsEmpty ? Middle : zeros[group], end = Math.Min(start + GroupSize, values.Length);
            for (int code = 0; code < 16; code++) products[code] = scales[group] * (code - zero);
            if (Columns is { } columns)
            {
                for (int place = start; place < end; place++) values[columns[place]] = products[(codes[place / 2] >> (4 * (place & 1))) & 15];
            }
            else
            {
                for (int place = start; place < end; place++) values[place] = products[(codes[place / 2] >> (4 * (place & 1))) & 15];
            }
        }
    }

    private static long[] PlacesOf(int[] columns)
    {
        var places = new long[columns.Length];
        for (int place = 0; place < columns.Length; place++) places[columns[place]] = place;
        return places;
    }
}
