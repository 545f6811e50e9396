using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tensors;

/// <summary>
/// Arithmetic of tensors with numbers, and sums of tensors, in place of TorchSharp's operators. Those make <see cref="Scalar"/> objects
/// that nothing holds on to while libtorch reads them (also the factor 1 of a sum of two tensors): a garbage collection that another
/// thread causes at that moment frees them, and the operation computes with freed memory or throws. Seen as "Expected false to be
/// true" from <c>c10::Scalar::toFloat</c>, some times in ten thousand decoded tokens. Here each lives until the call is over.
/// </summary>
/// <remarks>A test keeps the operators, and implicit conversions to <see cref="Scalar"/>, out of this assembly.</remarks>
internal static class TensorArithmetic
{
    private static readonly Scalar One = 1.0.ToScalar();
    private static readonly Scalar IntegerOne = 1L.ToScalar();
    private static readonly Scalar MinusOne = (-1.0).ToScalar();

    /// <summary>a + b.</summary>
    public static Tensor Plus(this Tensor a, Tensor b) => a.add(b, One);

    /// <summary>a − b.</summary>
    public static Tensor Minus(this Tensor a, Tensor b) => a.add(b, MinusOne);

    /// <summary>a + b for floating-point tensors.</summary>
    public static Tensor Plus(this Tensor a, double b)
    {
        using Scalar scalar = b.ToScalar();
        return a.add(scalar, One);
    }

    /// <summary>a·b.</summary>
    public static Tensor Times(this Tensor a, double b)
    {
        using Scalar scalar = b.ToScalar();
        return a.mul(scalar);
    }

    /// <summary>a += b.</summary>
    public static Tensor AddInPlace(this Tensor a, Tensor b) => a.add_(b, One);

    /// <summary>a += b for integer tensors.</summary>
    public static Tensor AddIntegersInPlace(this Tensor a, Tensor b) => a.add_(b, IntegerOne);

    /// <summary>a −= b.</summary>
    public static Tensor SubtractInPlace(this Tensor a, Tensor b) => a.add_(b, MinusOne);

    /// <summary>a += factor·b.</summary>
    public static Tensor AddInPlace(this Tensor a, Tensor b, double factor)
    {
        using Scalar scalar = factor.ToScalar();
        return a.add_(b, scalar);
    }

    /// <summary>a += b.</summary>
    public static Tensor AddInPlace(this Tensor a, double b)
    {
        using Scalar scalar = b.ToScalar();
        return a.add_(scalar, One);
    }

    /// <summary>a *= b.</summary>
    public static Tensor MultiplyInPlace(this Tensor a, double b)
    {
        using Scalar scalar = b.ToScalar();
        return a.mul_(scalar);
    }

    /// <summary>Rows of a += rows of b, at the places the index names; a place may be named more than once.</summary>
    public static Tensor AddRowsInPlace(this Tensor a, Tensor index, Tensor b, double factor = 1)
    {
        using Scalar scalar = factor.ToScalar();
        return a.index_add_(0, index, b, scalar);
    }

    /// <summary>a /= b.</summary>
    public static Tensor DivideInPlace(this Tensor a, double b)
    {
        using Scalar scalar = b.ToScalar();
        return a.div_(scalar);
    }

    /// <summary>a += factor·b·c.</summary>
    public static Tensor AddProductInPlace(this Tensor a, Tensor b, Tensor c, double factor)
    {
        using Scalar scalar = factor.ToScalar();
        return a.addcmul_(b, c, scalar);
    }

    /// <summary>a += factor·b/c.</summary>
    public static Tensor AddQuotientInPlace(this Tensor a, Tensor b, Tensor c, double factor)
    {
        using Scalar scalar = factor.ToScalar();
        return a.addcdiv_(b, c, scalar);
    }

    /// <summary>c·tanh(x/c).</summary>
    public static Tensor SoftCapped(this Tensor x, double cap)
    {
        using Scalar scalar = cap.ToScalar();
        return x.div(scalar).tanh().mul(scalar);
    }

    /// <summary>The value wherever the mask is true.</summary>
    public static Tensor Masked(this Tensor x, Tensor mask, double value)
    {
        using Scalar scalar = value.ToScalar();
        return x.masked_fill(mask, scalar);
    }

    /// <summary>A tensor of one value.</summary>
    public static Tensor Filled(long[] size, double value, ScalarType dataType, Device device)
    {
        using Scalar scalar = value.ToScalar();
        return full(size, scalar, dtype: dataType, device: device);
    }

    /// <summary>A tensor of one value with another's shape, type and place; without holes.</summary>
    public static Tensor FilledLike(Tensor x, double value) => Filled(x.shape, value, x.dtype, x.device);

    /// <summary>float32 from a normal distribution of mean 0, on the CPU. (TorchSharp's normal makes Scalars that nothing holds, as seen by a failed draw.)</summary>
    public static Tensor Normal(long[] size, double deviation, Generator generator) =>
        randn(size, dtype: ScalarType.Float32, generator: generator).MultiplyInPlace(deviation);

    /// <summary>start, start + 1, … end − 1 as int64.</summary>
    public static Tensor Range(long start, long end, Device device)
    {
        using Scalar first = start.ToScalar(), last = end.ToScalar();
        return arange(first, last, IntegerOne, dtype: int64, device: device);
    }

    /// <summary>Σ over the rows, [N, …] → […]. (TorchSharp's sum(0) is a sum over everything in the type of number 0, bytes.)</summary>
    public static Tensor SumOfRows(this Tensor x) => x.sum([0L]);

    /// <summary>The only element of a float64 tensor.</summary>
    public static double Value(this Tensor x)
    {
        using Tensor host = x.cpu();
        return MemoryMarshal.Read<double>(host.bytes);
    }
}
