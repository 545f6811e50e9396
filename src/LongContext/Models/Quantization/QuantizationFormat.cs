using System.Diagnostics.CodeAnalysis;

namespace LongContext.Models.Quantization;

/// <summary>How numbers of a quantised matrix are written.</summary>
[SuppressMessage("Naming", "CA1720", Justification = "The types are the point.")]
public enum QuantizationFormat
{
    /// <summary>Whole numbers of eight bits, −127 to 127, and a scale for each output; 8 bits a value. Saved in the form of compressed-tensors.</summary>
    Int8,

    /// <summary>
    /// Whole numbers of four bits with a scale, and where asked for a zero point, for each group of inputs of each output; with groups of 128
    /// 4.25 bits a value. Saved in the form of GPTQ, or of compressed-tensors.
    /// </summary>
    Int4,

    /// <summary>4-bit NormalFloat in blocks of 64 (Dettmers et al. 2023, arXiv:2305.14314, §3); 4.5 or 4.13 bits a value. Saved in the form of bitsandbytes.</summary>
    Nf4,

    /// <summary>8-bit floats, e4m3 (Micikevicius et al. 2022, arXiv:2209.05433), and a scale for each output; 8 bits a value. Saved in the form of compressed-tensors.</summary>
    Float8,
}
