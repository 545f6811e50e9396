using TorchSharp;
using static TorchSharp.torch;

namespace LongContext.Tests;

/// <summary>What the library's own arithmetic of tensors and numbers has no use for, and tests do.</summary>
internal static class TensorNumbers
{
    /// <summary>Sets every value.</summary>
    public static void FillInPlace(this Tensor values, double value)
    {
        using Scalar scalar = value.ToScalar();
        values.fill_(scalar);
    }

    /// <summary>x², element by element.</summary>
    public static Tensor Squared(this Tensor x) => x * x;
}
