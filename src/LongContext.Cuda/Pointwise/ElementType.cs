namespace LongContext.Cuda.Pointwise;

/// <summary>The floating-point types that kernels read and write.</summary>
internal enum ElementType
{
    /// <summary>8 bits of exponent, 7 of mantissa.</summary>
    BFloat16,

    /// <summary>5 bits of exponent, 10 of mantissa.</summary>
    Float16,

    /// <summary>8 bits of exponent, 23 of mantissa.</summary>
    Float32,
}
