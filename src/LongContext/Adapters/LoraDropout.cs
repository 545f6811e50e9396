// Shape suffixes: T tokens, I inputs.
using System.Text;
using LongContext.Models;
using LongContext.Tensors;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Adapters;

/// <summary>A mask of dropout: kept values grow by 1/(1 − p), so that the mean stays.</summary>
/// <remarks>
/// Given by the step's seed, the map's name and a value's place alone, so that a forward computed again, on whatever thread and in
/// whatever order, drops the same values. TorchSharp makes random generators for the CPU only; so each row and column has a number
/// drawn from the seed, and a value's own is the finaliser of MurmurHash3 over the exclusive or of the two, by tensor operations, which
/// are the same on every device.
/// </remarks>
internal sealed class LoraDropout
{
    /// <summary>Values whose numbers exist at a time: each with 8 bytes, its own and the one it is mixed with.</summary>
    internal const long ElementsAtOnce = 16 << 20;

    private readonly Tensor factors_TI;

    private LoraDropout(Tensor factors_TI) => this.factors_TI = factors_TI;

    /// <summary>The mask of inputs; null where nothing is dropped.</summary>
    public static LoraDropout? Draw(double probability, ulong? seed, string module, Tensor x_TI)
    {
        if (probability == 0 || seed is not { } given) return null;
        using var noGradient = no_grad();
        ulong key = SeedMix.Combine(0, given ^ Hash(module));
        long rows = x_TI.size(0), columns = x_TI.size(1), rowsAtOnce = Math.Clamp(ElementsAtOnce / Math.Max(1, columns), 1, Math.Max(1, rows));
        Tensor factors_TI = empty(x_TI.shape, dtype: x_TI.dtype, device: x_TI.device);
        using var scope = NewDisposeScope();
        Tensor row_T1 = Numbers(key, rows, x_TI.device).unsqueeze(1), column_I = Numbers(SeedMix.Combine(0, key), columns, x_TI.device);
        using Scalar threshold = ((long)Math.Round(probability * 4294967296.0) + int.MinValue).ToScalar();
        for (long start = 0; start < rows; start += rowsAtOnce)
        {
            using var each = NewDisposeScope();
            long count = Math.Min(rowsAtOnce, rows - start);
            factors_TI.narrow(0, start, count).copy_(Finalize(row_T1.narrow(0, start, count).bitwise_xor(column_I)).ge(threshold));
        }

        factors_TI.MultiplyInPlace(1 / (1 - probability));
        return new LoraDropout(factors_TI);
    }

    /// <summary>x with the mask's values dropped; also what the gradient of x̃ becomes for x.</summary>
    public Tensor Apply(Tensor x_TI) => x_TI * factors_TI;

    /// <summary>As <see cref="Apply"/>, in the argument's memory.</summary>
    public Tensor ApplyInPlace(Tensor x_TI) => x_TI.mul_(factors_TI);

    /// <summary>Uniform over all of int32; in the argument's memory.</summary>
    private static Tensor Finalize(Tensor number_TI)
    {
        Mix(number_TI, 16);
        Multiply(number_TI, 0x85EBCA6B);
        Mix(number_TI, 13);
        Multiply(number_TI, 0xC2B2AE35);
        Mix(number_TI, 16);
        return number_TI;
    }

    private static void Mix(Tensor number_TI, int bits)
    {
        using var scope = NewDisposeScope();
        number_TI.bitwise_xor_(ShiftedRight(number_TI, bits));
    }

    /// <summary>libtorch's shift of signed numbers draws the sign in, which is masked off.</summary>
    private static Tensor ShiftedRight(Tensor number_TI, int bits) => number_TI.bitwise_right_shift(tensor(bits)).bitwise_and_(tensor((1 << (32 - bits)) - 1));

    private static void Multiply(Tensor number_TI, uint factor)
    {
        using Scalar scalar = ((long)unchecked((int)factor)).ToScalar();
        number_TI.mul_(scalar);
    }

    private static Tensor Numbers(ulong key, long count, Device device)
    {
        var numbers = new int[count];
        for (long i = 0; i < count; i++) numbers[i] = unchecked((int)SeedMix.Combine(0, key + (ulong)i));
        return tensor(numbers).to(device);
    }

    /// <summary>FNV-1a: a string's own hash code differs from run to run.</summary>
    private static ulong Hash(string name)
    {
        ulong hash = 14695981039346656037;
        foreach (byte value in Encoding.UTF8.GetBytes(name)) hash = (hash ^ value) * 1099511628211;
        return hash;
    }
}
