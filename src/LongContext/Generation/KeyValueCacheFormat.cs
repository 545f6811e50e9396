namespace LongContext.Generation;

/// <summary>How a <see cref="GenerationEngine"/> holds keys and values.</summary>
#pragma warning disable CA1720 // The field's names for the types.
public enum KeyValueCacheFormat
{
    /// <summary>In the type that the model computes in: nothing is lost.</summary>
    Model = 0,

    /// <summary>float32, 4 bytes a value.</summary>
    Float32 = 1,

    /// <summary>bfloat16, 2 bytes a value.</summary>
    BFloat16 = 2,

    /// <summary>8-bit floating point (e4m3) with scales, about a byte a value.</summary>
    Float8 = 3,

    /// <summary>8-bit integers with scales, about a byte a value: off by at most 1/254 of the largest of a token's key or value in a head. On the CPU queries and softmax weights are rounded to 16 bits besides.</summary>
    Int8 = 4,
}
#pragma warning restore CA1720
