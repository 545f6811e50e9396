using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>8-bit state between codes and values by libtorch's operators: for GPUs, and for weights in float64.</summary>
internal static class BlockwiseState
{
    private const int BlockSize = BlockwiseAdamWKernel.BlockSize;

    /// <summary>Values of codes [N] and largest magnitudes [blocks].</summary>
    public static Tensor Decode(Tensor codes_N, Tensor scales_B, DynamicTree tree, ScalarType type)
    {
        using var scope = NewDisposeScope();
        using Tensor values = tensor(tree.Values.ToArray(), device: codes_N.device);
        Tensor values_N = values.index_select(0, codes_N.to(ScalarType.Int32));
        return (values_N * ByValue(scales_B, codes_N.size(0))).to(type).MoveToOuterDisposeScope();
    }

    /// <summary>Writes values [N] as codes and largest magnitudes.</summary>
    public static void Encode(Tensor values_N, Tensor codes_N, Tensor scales_B, DynamicTree tree)
    {
        using var scope = NewDisposeScope();
        long count = values_N.size(0), filled = scales_B.size(0) * BlockSize;
        Tensor float_N = values_N.to(ScalarType.Float32), filled_N = float_N;
        if (filled > count) filled_N = cat([float_N, zeros(filled - count, device: values_N.device)]);
        scales_B.copy_(filled_N.view(-1, BlockSize).abs().amax([1]));
        Tensor unit_B = where(scales_B.gt(zeros_like(scales_B)), scales_B, ones_like(scales_B));
        Tensor borders = tensor(tree.Borders.AsSpan()[..^1].ToArray(), device: values_N.device);
        codes_N.copy_(bucketize(float_N / ByValue(unit_B, count), borders, outInt32: true, right: false));
    }

    private static Tensor ByValue(Tensor scales_B, long count) => scales_B.repeat_interleave(BlockSize).narrow(0, 0, count);
}
