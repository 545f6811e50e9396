using System.Diagnostics.CodeAnalysis;

namespace LongContext.Checkpoints;

/// <summary>The element types a safetensors file can hold, with the name the file gives them.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The types are the point: .NET's names for what the file calls F64, I32 and so on.")]
public enum TensorDataType
{
    /// <summary>IEEE double precision, <c>F64</c>.</summary>
    Float64,

    /// <summary>IEEE single precision, <c>F32</c>.</summary>
    Float32,

    /// <summary>IEEE half precision, <c>F16</c>.</summary>
    Float16,

    /// <summary>The upper half of a single, <c>BF16</c>.</summary>
    BFloat16,

    /// <summary>8-bit float with 4 exponent and 3 mantissa bits, <c>F8_E4M3</c>.</summary>
    Float8E4M3,

    /// <summary>8-bit float with 5 exponent and 2 mantissa bits, <c>F8_E5M2</c>.</summary>
    Float8E5M2,

    /// <summary>Signed 64-bit integer, <c>I64</c>.</summary>
    Int64,

    /// <summary>Signed 32-bit integer, <c>I32</c>.</summary>
    Int32,

    /// <summary>Signed 16-bit integer, <c>I16</c>.</summary>
    Int16,

    /// <summary>Signed 8-bit integer, <c>I8</c>.</summary>
    Int8,

    /// <summary>Unsigned 64-bit integer, <c>U64</c>.</summary>
    UInt64,

    /// <summary>Unsigned 32-bit integer, <c>U32</c>.</summary>
    UInt32,

    /// <summary>Unsigned 16-bit integer, <c>U16</c>.</summary>
    UInt16,

    /// <summary>Unsigned 8-bit integer, <c>U8</c>.</summary>
    UInt8,

    /// <summary>One byte, 0 or 1, <c>BOOL</c>.</summary>
    Bool,
}
