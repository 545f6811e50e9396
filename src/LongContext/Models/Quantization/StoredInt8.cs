// Shape suffixes: R rows, C columns.
using System.Runtime.InteropServices;
using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Whole numbers of eight bits with a scale for each row, as checkpoints hold them.</summary>
internal static class StoredInt8
{
    /// <summary>compressed-tensors: weight of int8 and weight_scale.</summary>
    public static StoredWeight? Rows(CheckpointReader reader, string module, long[] shape)
    {
        if (StoredTensor.Find(reader, module + ".weight") is not { Info.DataType: TensorDataType.Int8 } codes) return null;
        codes.OfShape(shape);
        StoredTensor scale = RowScale(reader, module, shape, codes);
        StoredTensor? zeros = StoredTensor.Find(reader, module + ".weight_zero_point");
        if (zeros is not null && zeros.Bytes().IndexOfAnyExcept((byte)0) >= 0)
            throw new NotSupportedException($"{zeros.File.Path}: tensor '{zeros.Info.Name}' holds zero points other than 0, which are not read for whole numbers of 8 bits.");
        return new([codes, scale, .. zeros is null ? [] : new[] { zeros }], device =>
            Make(shape, MemoryMarshal.Cast<byte, sbyte>(codes.Bytes()).ToArray(), PerRow(scale, shape), device));
    }

    /// <summary>compressed-tensors' "pack-quantized" of eight bits: four numbers a word, each plus 128.</summary>
    public static StoredWeight PackedRows(CheckpointReader reader, string module, long[] shape, StoredTensor words)
    {
        (long rows, long columns) = (shape[0], shape[1]);
        long rowWords = (columns + 3) / 4;
        words.OfType(TensorDataType.Int32).OfShape(rows, rowWords);
        StoredTensor scale = RowScale(reader, module, shape, words);
        if (StoredTensor.Find(reader, module + ".weight_zero_point") is { } zeros)
            throw new NotSupportedException($"{zeros.File.Path}: tensor '{zeros.Info.Name}' holds zero points, which are not read for whole numbers of 8 bits.");
        StoredTensor? written = StoredInt4.RequireWrittenShape(reader, module, shape);
        return new([words, scale, .. written is null ? [] : new[] { written }], device =>
        {
            ReadOnlySpan<byte> source = words.Bytes();
            var codes = new sbyte[checked(rows * columns)];
            for (long row = 0; row < rows; row++)
            {
                for (int column = 0; column < columns; column++) codes[(row * columns) + column] = (sbyte)(source[(int)((row * rowWords * 4) + column)] - 128);
            }

            return Make(shape, codes, PerRow(scale, shape), device);
        });
    }

    /// <summary>bitsandbytes: weight of int8 and SCB, each row's largest magnitude.</summary>
    public static StoredWeight? BitsAndBytes(CheckpointReader reader, string module, long[] shape)
    {
        if (StoredTensor.Find(reader, module + ".weight") is not { Info.DataType: TensorDataType.Int8 } codes) return null;
        codes.OfShape(shape);
        StoredTensor largest = StoredTensor.Require(reader, module + ".SCB", codes).OfFloats().OfShape(shape[0]);
        StoredTensor? format = StoredTensor.Find(reader, module + ".weight_format");
        if (format is not null && format.OfType(TensorDataType.UInt8).Bytes().IndexOfAnyExcept((byte)0) >= 0)
            throw new NotSupportedException($"{format.File.Path}: tensor '{format.Info.Name}' says that codes do not lie row by row, which is not read.");
        return new([codes, largest, .. format is null ? [] : new[] { format }], device =>
            Make(shape, MemoryMarshal.Cast<byte, sbyte>(codes.Bytes()).ToArray(), [.. largest.Floats().Select(value => value / EightBitWeight.Largest)], device));
    }

    /// <summary>weight_scale: one, or one for each row.</summary>
    public static StoredTensor RowScale(CheckpointReader reader, string module, long[] shape, StoredTensor codes)
    {
        StoredTensor scale = StoredTensor.Require(reader, module + ".weight_scale", codes).OfFloats();
        return IsPerRowOrTensor(scale, shape) ? scale
            : throw scale.Fault($"has shape [{string.Join(", ", scale.Info.Shape)}], expected one scale, or one for each of {shape[0]} rows");
    }

    /// <summary>Whether there is one scale, or one a row.</summary>
    public static bool IsPerRowOrTensor(StoredTensor scale, long[] shape)
    {
        long count = scale.Info.Shape.Aggregate(1L, (product, size) => product * size);
        return count == 1 || (count == shape[0] && scale.Info.Shape.Count <= 2 && scale.Info.Shape[0] == shape[0]);
    }

    /// <summary>A scale for each row.</summary>
    public static float[] PerRow(StoredTensor scale, long[] shape)
    {
        float[] values = scale.Floats();
        return values.Length == shape[0] ? values : [.. Enumerable.Repeat(values[0], (int)shape[0])];
    }

    private static EightBitWeight Make(long[] shape, sbyte[] codes, float[] factors, Device device) => new()
    {
        Shape = shape,
        Codes = tensor(codes).reshape(shape).to(device).DetachFromDisposeScope(),
        Factors = tensor(factors).to(device).DetachFromDisposeScope(),
    };
}
