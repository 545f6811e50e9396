using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models;

/// <summary>
/// Dequantises 8-bit float weights: value × scale, with one scale for the whole tensor, for each row, or for each block of a
/// matrix, by the scale's shape.
/// </summary>
/// <remarks>
/// Scales are factors under both of their names, <c>weight_scale_inv</c> (DeepSeek-V3 Technical Report 2024, arXiv:2412.19437, §3.3, by
/// block) and <c>weight_scale</c> (compressed-tensors, FBGEMM; by tensor or row).
/// </remarks>
internal static class Float8Weights
{
    private static readonly string[] ScaleSuffixes = ["_scale_inv", "_scale"];

    /// <summary>Names of the tensor's scale, in the order in which they are looked for.</summary>
    public static IEnumerable<string> ScaleNames(string weight) => ScaleSuffixes.Select(suffix => weight + suffix);

    /// <summary>Reads and dequantises, block of rows by block of rows.</summary>
    /// <param name="file">The weight's file.</param>
    /// <param name="info">The weight: a matrix or a vector of e4m3.</param>
    /// <param name="scale">Its scale's file and place; null for none.</param>
    /// <param name="quantization">Block sizes; null where config.json says nothing, which is right only for weights without a scale.</param>
    /// <param name="dataType">Type of the result.</param>
    /// <param name="device">Where the result goes.</param>
    /// <param name="scratch">Where values are decoded.</param>
    public static unsafe Tensor Read(
        SafetensorsFile file, TensorInfo info, (SafetensorsFile File, TensorInfo Info)? scale, CheckpointQuantization? quantization, ScalarType dataType, Device device, ScratchMemory scratch)
    {
        if (scale is null && quantization is not null)
            throw new CheckpointFormatException($"{file.Path}: tensor '{info.Name}' is float8, but its scale ('{info.Name}_scale_inv' or '{info.Name}_scale') is missing.");
        using var scope = NewDisposeScope();
        int rows = info.Shape.Count == 0 ? 1 : checked((int)info.Shape[0]);
        int columns = rows == 0 ? 0 : checked((int)(info.ByteLength / rows));
        ScaleGrid grid = scale is { } given ? Grid(given.File, given.Info, info, rows, columns, quantization) : new([1], rows, columns, 1);

        Tensor result = empty(info.Shape.ToArray(), dtype: dataType);
        if (info.ByteLength == 0) return result.to(device).MoveToOuterDisposeScope();
        Tensor flat_RC = result.reshape(rows, columns);
        int rowsAtOnce = Math.Clamp((1 << 20) / columns, 1, rows);
        if ((long)rowsAtOnce * columns > ScratchMemory.Bytes / sizeof(float))
            throw new NotSupportedException($"{file.Path}: tensor '{info.Name}' has rows of {columns} elements, more than are dequantised at a time.");
        Tensor values_N = scratch.Row(ScalarType.Float32);
        for (int row = 0; row < rows; row += rowsAtOnce)
        {
            using var chunkScope = NewDisposeScope();
            int count = Math.Min(rowsAtOnce, rows - row);
            Decode(file, info, row, columns, new Span<float>(values_N.DataPointer(), count * columns), grid);
            flat_RC.narrow(0, row, count).copy_(values_N.narrow(0, 0, (long)count * columns).reshape(count, columns));
        }

        return result.to(device).MoveToOuterDisposeScope();
    }

    private static unsafe void Decode(SafetensorsFile file, TensorInfo info, int firstRow, int columns, Span<float> values, ScaleGrid grid)
    {
        var source = new ReadOnlySpan<byte>(file.GetPointer(info.Name) + ((long)firstRow * columns), values.Length);
        if (source.IndexOfAny((byte)0x7F, (byte)0xFF) is var at and >= 0)
            throw new CheckpointFormatException($"{file.Path}: tensor '{info.Name}' is not a number at [{firstRow + (at / columns)}, {at % columns}].");
        Float8E4M3.ToSingle(source, values);
        for (int i = 0; i < values.Length / columns; i++)
        {
            for (int block = 0, start = 0; start < columns; block++, start += grid.BlockColumns)
            {
                float factor = grid.Factors[((firstRow + i) / grid.BlockRows * grid.Across) + block];
                foreach (ref float value in values.Slice((i * columns) + start, Math.Min(grid.BlockColumns, columns - start))) value *= factor;
            }
        }
    }

    /// <summary>Which elements share a factor, by the scale's shape.</summary>
    private static ScaleGrid Grid(SafetensorsFile file, TensorInfo scale, TensorInfo weight, int rows, int columns, CheckpointQuantization? quantization)
    {
        float[] factors = ReadScale(file, scale);
        if (factors.Length == 1) return new(factors, rows, columns, 1);
        long[] shape = [.. scale.Shape];
        if (shape.Length <= 2 && shape[0] == rows && factors.Length == rows) return new(factors, 1, columns, 1);

        int blockRows = quantization?.BlockRows ?? CheckpointQuantization.DefaultBlock, blockColumns = quantization?.BlockColumns ?? CheckpointQuantization.DefaultBlock;
        int down = ((rows - 1) / blockRows) + 1, across = ((columns - 1) / blockColumns) + 1;
        if (weight.Shape.Count == 2 && shape.Length == 2 && shape[0] == down && shape[1] == across) return new(factors, blockRows, blockColumns, across);
        throw new CheckpointFormatException(
            $"{file.Path}: tensor '{scale.Name}' has shape [{string.Join(", ", shape)}], expected one scale, one for each of {rows} rows, or [{down}, {across}] for blocks of {blockRows} × {blockColumns}.");
    }

    private static float[] ReadScale(SafetensorsFile file, TensorInfo info)
    {
        if (info.DataType >= TensorDataType.Float8E4M3)
            throw new CheckpointFormatException($"{file.Path}: tensor '{info.Name}' is of type {info.DataType}, expected a floating point scale.");
        using Tensor read = SafetensorsTensors.Read(file, info, ScalarType.Float32, CPU);
        float[] factors = read.data<float>().ToArray();
        foreach (float factor in factors)
        {
            if (!float.IsFinite(factor)) throw new CheckpointFormatException($"{file.Path}: tensor '{info.Name}' holds {factor}, expected finite scales.");
        }

        return factors;
    }

    /// <summary>Factors of blocks, row by row.</summary>
    private readonly record struct ScaleGrid(float[] Factors, int BlockRows, int BlockColumns, int Across);
}
