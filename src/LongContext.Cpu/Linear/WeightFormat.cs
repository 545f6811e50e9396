namespace LongContext.Cpu.Linear;

/// <summary>How the numbers of a matrix lie in memory.</summary>
internal enum WeightFormat
{
    /// <summary>float32, rows of <c>inputs</c> numbers.</summary>
    Float32,

    /// <summary>bfloat16.</summary>
    BFloat16,

    /// <summary>IEEE float16.</summary>
    Float16,

    /// <summary>Signed bytes in -127 … 127, one float32 scale for each row.</summary>
    Int8,

    /// <summary>
    /// Two numbers in a byte, the first in the low half; each row is cut into groups, with a float32 scale and a zero point (a byte, 0 … 15) each: w = scale · (code − zero).
    /// </summary>
    Int4,

    /// <summary>
    /// 4-bit NormalFloat as bitsandbytes lays it: two codes in a byte, the first in the high half, blocks of 64 over the whole matrix in row order, a float32 magnitude each.
    /// </summary>
    Nf4,

    /// <summary>8-bit floats of 4 exponent and 3 mantissa bits without infinities (OCP E4M3), one float32 scale for each row.</summary>
    Float8,
}
