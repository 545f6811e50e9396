// Shape suffixes: R rows, C columns, P bytes of a row of blocks.
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>
/// A matrix in NF4 whose blocks of 64 run on over the ends of its rows, as bitsandbytes lays them: where rows are no multiple of 64 long, this is
/// another thing than <see cref="Nf4Weight"/>. Held as a matrix of one block a row.
/// </summary>
internal sealed class Nf4FlatWeight : QuantizedWeight
{
    /// <summary>[blocks, 64], what fills the last block included.</summary>
    public required Nf4Weight Blocks { get; init; }

    public override long ByteCount => Blocks.ByteCount;

    public override Tensor Dequantize(long firstRow, long count, ScalarType dataType)
    {
        using var noGradient = no_grad();
        long columns = Shape[1], start = firstRow * columns, end = start + (count * columns);
        if (end == start) return empty([count, columns], dtype: dataType, device: Codes.device);
        using var scope = NewDisposeScope();
        long firstBlock = start / Nf4Rows.BlockSize, blocks = ((end - 1) / Nf4Rows.BlockSize) + 1 - firstBlock;
        Tensor values = Blocks.Dequantize(firstBlock, blocks, dataType).reshape(-1);
        return values.narrow(0, start - (firstBlock * Nf4Rows.BlockSize), end - start).reshape(count, columns).clone().MoveToOuterDisposeScope();
    }

    public override void Dispose() => Blocks.Dispose();
}
