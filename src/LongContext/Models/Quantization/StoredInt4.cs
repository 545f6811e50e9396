// Shape suffixes: R rows, C columns, P bytes of a row (two values each), G groups of a row.
using System.Runtime.InteropServices;
using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>Whole numbers of four bits in groups, as checkpoints hold them.</summary>
/// <remarks>Layouts as AutoGPTQ, GPTQModel, AutoAWQ and compressed-tensors pack them; see <see cref="FourBitWords"/>.</remarks>
internal static class StoredInt4
{
    private const int PerWord = FourBitWords.PerWord;

    /// <summary>qweight, qzeros, scales and g_idx.</summary>
    public static StoredWeight? Gptq(CheckpointReader reader, string module, long[] shape, CheckpointQuantization quantization)
    {
        if (StoredTensor.Find(reader, module + ".qweight") is not { } words) return null;
        (long rows, long columns) = (shape[0], shape[1]);
        RequireWholeWords(words, rows, "outputs");
        RequireWholeWords(words, columns, "inputs");
        int size = GroupOf(quantization, columns);
        long groups = (columns + size - 1) / size;
        words.OfType(TensorDataType.Int32).OfShape(columns / PerWord, rows);
        StoredTensor scales = StoredTensor.Require(reader, module + ".scales", words).OfFloats().OfShape(groups, rows);
        StoredTensor zeros = StoredTensor.Require(reader, module + ".qzeros", words).OfType(TensorDataType.Int32).OfShape(groups, rows / PerWord);
        StoredTensor? index = StoredTensor.Find(reader, module + ".g_idx")?.OfType(TensorDataType.Int32).OfShape(columns);
        return new([words, scales, zeros, .. index is null ? [] : new[] { index }], device =>
        {
            int[]? places = ReadIndex(index, (int)groups, size);
            var codes = new byte[checked(rows * FourBitWords.RowBytes(columns))];
            FourBitWords.ReadInputsPacked(words.Words(), (int)rows, places ?? ColumnGroups.InOrder((int)columns), codes);
            var points = new byte[rows * groups];
            FourBitWords.ReadZeros(zeros.Words(), (int)rows, (int)groups, quantization.ZeroAdded, points);
            return Make(shape, codes, Transposed(scales.Floats(), (int)groups, (int)rows), points, size, places, device);
        });
    }

    /// <summary>qweight, qzeros and scales in AWQ's order.</summary>
    public static StoredWeight? Awq(CheckpointReader reader, string module, long[] shape, CheckpointQuantization quantization)
    {
        if (StoredTensor.Find(reader, module + ".qweight") is not { } words) return null;
        (long rows, long columns) = (shape[0], shape[1]);
        RequireWholeWords(words, rows, "outputs");
        int size = GroupOf(quantization, columns);
        long groups = (columns + size - 1) / size;
        words.OfType(TensorDataType.Int32).OfShape(columns, rows / PerWord);
        StoredTensor scales = StoredTensor.Require(reader, module + ".scales", words).OfFloats().OfShape(groups, rows);
        StoredTensor? zeros = StoredTensor.Find(reader, module + ".qzeros")?.OfType(TensorDataType.Int32).OfShape(groups, rows / PerWord);
        return new([words, scales, .. zeros is null ? [] : new[] { zeros }], device =>
        {
            var codes = new byte[checked(rows * FourBitWords.RowBytes(columns))];
            FourBitWords.ReadAwq(words.Words(), (int)rows, (int)columns, codes);
            byte[]? points = zeros is null ? null : new byte[rows * groups];
            if (zeros is not null) FourBitWords.ReadAwqZeros(zeros.Words(), (int)rows, (int)groups, points);
            return Make(shape, codes, Transposed(scales.Floats(), (int)groups, (int)rows), points, size, null, device);
        });
    }

    /// <summary>weight_packed, weight_scale, weight_zero_point, weight_g_idx and weight_shape; of four bits, or of eight with a scale for each row.</summary>
    public static StoredWeight? PackedRows(CheckpointReader reader, string module, long[] shape, CheckpointQuantization quantization)
    {
        if (StoredTensor.Find(reader, module + ".weight_packed") is not { } words) return null;
        (long rows, long columns) = (shape[0], shape[1]);
        if (quantization.Bits == 8) return StoredInt8.PackedRows(reader, module, shape, words);
        int size = GroupOf(quantization, columns);
        long groups = (columns + size - 1) / size;
        words.OfType(TensorDataType.Int32).OfShape(rows, FourBitWords.WordsOf(columns));
        StoredTensor scales = StoredTensor.Require(reader, module + ".weight_scale", words).OfFloats().OfShape(rows, groups);
        StoredTensor? zeros = StoredTensor.Find(reader, module + ".weight_zero_point")?.OfType(TensorDataType.Int32).OfShape(FourBitWords.WordsOf(rows), groups);
        StoredTensor? index = StoredTensor.Find(reader, module + ".weight_g_idx")?.OfType(TensorDataType.Int32).OfShape(columns);
        StoredTensor? written = RequireWrittenShape(reader, module, shape);
        return new([words, scales, .. new[] { zeros, index, written }.OfType<StoredTensor>()], device =>
        {
            int[]? places = ReadIndex(index, (int)groups, size);
            var codes = new byte[checked(rows * FourBitWords.RowBytes(columns))];
            FourBitWords.ReadRowsPacked(words.Words(), (int)rows, places ?? ColumnGroups.InOrder((int)columns), codes);
            byte[]? points = zeros is null ? null : new byte[rows * groups];
            if (zeros is not null) FourBitWords.ReadZerosByOutputs(zeros.Words(), (int)rows, (int)groups, points);
            return Make(shape, codes, scales.Floats(), points, size, places, device);
        });
    }

    /// <summary>weight_shape, where it is there, must say what config.json says.</summary>
    public static StoredTensor? RequireWrittenShape(CheckpointReader reader, string module, long[] shape)
    {
        if (StoredTensor.Find(reader, module + ".weight_shape") is not { } written) return null;
        written.OfType(TensorDataType.Int32, TensorDataType.Int64).OfShape(2);
        ReadOnlySpan<byte> bytes = written.Bytes();
        long[] said = written.Info.DataType == TensorDataType.Int32
            ? [BitConverter.ToInt32(bytes), BitConverter.ToInt32(bytes[4..])]
            : [BitConverter.ToInt64(bytes), BitConverter.ToInt64(bytes[8..])];
        return said.SequenceEqual(shape) ? written : throw written.Fault($"says [{string.Join(", ", said)}], but config.json asks for [{string.Join(", ", shape)}]");
    }

    private static Int4Weight Make(long[] shape, byte[] codes, float[] scales, byte[]? zeros, int size, int[]? places, Device device)
    {
        int groups = scales.Length / Math.Max(1, (int)shape[0]);
        if (zeros is not null && zeros.AsSpan().IndexOfAnyExcept((byte)Int4Weight.Middle) < 0) zeros = null;
        return new Int4Weight
        {
            Shape = shape,
            Codes = tensor(codes).reshape(shape[0], FourBitWords.RowBytes(shape[1])).to(device).DetachFromDisposeScope(),
            Scales = tensor(scales).reshape(shape[0], groups).to(device).DetachFromDisposeScope(),
            Zeros = zeros is null ? null : tensor(zeros).reshape(shape[0], groups).to(device).DetachFromDisposeScope(),
            GroupSize = size,
            Columns = places,
        };
    }

    private static int[]? ReadIndex(StoredTensor? index, int groups, int size)
    {
        if (index is null) return null;
        int[]? places = ColumnGroups.Arrange(MemoryMarshal.Cast<uint, int>(index.Words()), groups, size, out string? fault);
        return fault is null ? places : throw index.Fault(fault);
    }

    private static int GroupOf(CheckpointQuantization quantization, long columns) => (int)Math.Min(quantization.GroupSize ?? columns, columns);

    private static void RequireWholeWords(StoredTensor words, long count, string what)
    {
        if (count % PerWord != 0) throw words.Fault($"packs {PerWord} numbers a word, but the weight has {count} {what}");
    }

    private static float[] Transposed(float[] values, int rows, int columns)
    {
        var result = new float[values.Length];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++) result[(column * rows) + row] = values[(row * columns) + column];
        }

        return result;
    }
}
