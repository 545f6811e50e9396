using LongContext.Models;
using LongContext.Tensors;
using static TorchSharp.torch;

namespace LongContext.Training.Optimizers;

/// <summary>
/// float32 to bfloat16, up with the probability of the part that is cut off: 16 random bits are added below the last bit that stays.
/// The bits are a hash of key and index (two rounds of multiply and shift), so that they are the same on every device, in any order
/// and for any cutting into slices.
/// </summary>
internal static class StochasticRounding
{
    public const uint FirstFactor = 0x7FEB352D;
    public const uint SecondFactor = 0x846CA68B;

    /// <summary>The bits of float32 as int32 and back, which TorchSharp does not show; types by libtorch's numbers.</summary>
    private static readonly Lazy<jit.CompilationUnit> Views = new(() => jit.compile(
        """
        def bits(x: Tensor) -> Tensor:
            return torch.view_copy(x, dtype=3)

        def floats(x: Tensor) -> Tensor:
            return torch.view_copy(x, dtype=6)

        """));

    /// <summary>The key of one parameter's update: of seed, update and name.</summary>
    public static ulong Key(int seed, long update, string name)
    {
        ulong key = 14695981039346656037; // FNV-1a over the name's UTF-16 units
        foreach (char c in name) key = (key ^ c) * 1099511628211;
        key = Mixed(key ^ Mixed((ulong)update));
        return Mixed(key ^ Mixed((uint)seed + 0x9E3779B97F4A7C15));
    }

    /// <summary>The values [N] in float32 as bfloat16. What is not finite stays so.</summary>
    public static unsafe Tensor Round(Tensor values_N, ulong key, long start)
    {
        if (values_N.device_type != TorchSharp.DeviceType.CPU) return RoundByOperators(values_N, key, start);
        Tensor rounded_N = empty(values_N.shape, dtype: ScalarType.BFloat16);
        if (values_N.numel() > 0)
        {
            StochasticRoundingKernel.Round(
                (float*)values_N.DataPointer(), (ushort*)rounded_N.DataPointer(), values_N.numel(), key, start, get_num_threads());
        }

        return rounded_N;
    }

    /// <summary>As <see cref="Round"/>, on any device.</summary>
    internal static Tensor RoundByOperators(Tensor values_N, ulong key, long start)
    {
        using var scope = NewDisposeScope();
        Device device = values_N.device;
        Tensor low = tensor(0xFFFF), kept = tensor(unchecked((int)0xFFFF0000));
        Tensor bits_N = TensorArithmetic.Range(start, start + values_N.size(0), device).to(ScalarType.Int32).bitwise_xor_(tensor((int)key));
        Fold(bits_N, 16).mul_(tensor((int)FirstFactor));
        Fold(bits_N, 15).bitwise_xor_(tensor((int)(key >> 32))).mul_(tensor(unchecked((int)SecondFactor)));
        Fold(bits_N, 16).bitwise_and_(low);
        bits_N.AddIntegersInPlace(View("bits", values_N)).bitwise_and_(kept);
        return where(values_N.isfinite(), View("floats", bits_N), values_N).to(ScalarType.BFloat16).MoveToOuterDisposeScope();
    }

    private static Tensor View(string name, Tensor values_N) => (Tensor)Views.Value.invoke(name, values_N);

    /// <summary>x ^= x >> shift, with zeros coming in at the top.</summary>
    private static Tensor Fold(Tensor x_N, int shift)
    {
        using Tensor shifted_N = x_N.bitwise_right_shift(tensor(shift)).bitwise_and_(tensor((1 << (32 - shift)) - 1));
        return x_N.bitwise_xor_(shifted_N);
    }

    /// <summary>The finalizer of SplitMix64 (Steele et al. 2014).</summary>
    private static ulong Mixed(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
