using System.Runtime.InteropServices;
using LongContext.Gguf;
using LongContext.Models.Quantization;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Export;

/// <summary>Streams a weight into a file, some rows at a time: reordered, changed and converted on the way.</summary>
internal sealed class GgufRows
{
    private const long PartElements = 1 << 22;

    /// <summary>The name in the file, for complaints.</summary>
    public required string Name { get; init; }

    /// <summary>A matrix or vector; a vector counts as rows of one element.</summary>
    public required Tensor Weight { get; init; }

    /// <summary>How <see cref="Weight"/> is to be read where it is codes.</summary>
    public QuantizedWeight? Quantized { get; init; }

    /// <summary>The type that the model computes with codes in.</summary>
    public ScalarType QuantizedAs { get; init; } = ScalarType.Float32;

    public required GgufTensorType Type { get; init; }

    /// <summary>Size of a head whose halves are interleaved, so that neighbours form a rotary pair; null for rows in their order.</summary>
    public int? InterleavedHead { get; init; }

    /// <summary>Added to every element.</summary>
    public double Offset { get; init; }

    /// <summary>What every element is multiplied by, after the offset.</summary>
    public double Factor { get; init; } = 1;

    /// <exception cref="NotSupportedException">A value does not fit the type.</exception>
    public void WriteTo(Stream stream, CancellationToken cancellationToken)
    {
        long[] shape = Quantized?.Shape ?? Weight.shape;
        long rows = shape[0], width = shape.Length > 1 ? shape[1] : 1;
        // One block at the least: a vector's rows of one element are written in single precision, whose blocks are of one.
        // Of quantised rows whole heads, whose rows change places among themselves.
        long count = Math.Max(1, PartElements / width);
        if (Quantized is not null && InterleavedHead is { } size) count = Math.Max(1, count / size) * size;
        byte[] bytes = [];
        for (long start = 0; start < rows; start += count)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            Tensor part = Rows(start, Math.Min(count, rows - start));
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(part.bytes);
            int length = values.Length / Type.BlockElements() * Type.BlockBytes();
            if (bytes.Length != length) bytes = new byte[length];
            if (!GgufElements.TryEncode(Type, values, bytes))
            {
                throw new NotSupportedException(
                    $"Tensor '{Name}' has a value in rows {start} to {start + part.size(0) - 1} that {Type} cannot hold; "
                    + $"choose {GgufTensorType.BFloat16} or {GgufTensorType.Float32}.");
            }

            stream.Write(bytes);
        }
    }

    private Tensor Rows(long start, long count)
    {
        Tensor part = Quantized is { } quantized ? quantized.Dequantize(start, count, QuantizedAs) : Weight;
        long first = Quantized is null ? start : 0;
        part = InterleavedHead is { } head ? part.index_select(0, tensor(Sources(first, count, head), device: Weight.device)) : part.narrow(0, first, count);
        part = part.cpu().to(ScalarType.Float32);
        if (Offset != 0) part = part.Plus(Offset);
        if (Factor != 1) part = part.to(ScalarType.Float64).Times(Factor).to(ScalarType.Float32);
        return part.contiguous();
    }

    /// <summary>Row 2i of a head comes from its i-th, row 2i + 1 from the one half a head further.</summary>
    private static long[] Sources(long start, long count, int head)
    {
        var sources = new long[count];
        for (long i = 0; i < count; i++)
        {
            long row = start + i, within = row % head;
            sources[i] = row - within + (within % 2 * (head / 2)) + (within / 2);
        }

        return sources;
    }
}
