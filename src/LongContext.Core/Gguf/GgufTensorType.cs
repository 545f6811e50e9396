using System.Diagnostics.CodeAnalysis;

namespace LongContext.Gguf;

/// <summary>
/// Element types of a GGUF file's tensors, with the format's own numbers. A file may hold others, which llama.cpp quantises to; they are
/// listed with their number and not decoded.
/// </summary>
[SuppressMessage("Naming", "CA1707", Justification = "Q4_0 and Q8_0 are the format's words.")]
[SuppressMessage("Naming", "CA1720", Justification = "The types are the point.")]
public enum GgufTensorType
{
    /// <summary>IEEE single precision, <c>F32</c>.</summary>
    Float32 = 0,

    /// <summary>IEEE half precision, <c>F16</c>.</summary>
    Float16 = 1,

    /// <summary>Blocks of 32 codes of four bits with one scale in half precision, 4.5 bits an element, <c>Q4_0</c>.</summary>
    Q4_0 = 2,

    /// <summary>Blocks of 32 signed bytes with one scale in half precision, 8.5 bits an element, <c>Q8_0</c>.</summary>
    Q8_0 = 8,

    /// <summary>The upper half of a single, <c>BF16</c>.</summary>
    BFloat16 = 30,
}
