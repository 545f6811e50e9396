namespace LongContext.Models;

/// <summary>How the matrices of a model's layers are held in memory.</summary>
public enum WeightQuantization
{
    /// <summary>In <see cref="ModelLoadOptions.DataType"/>.</summary>
    None,

    /// <summary>
    /// 4-bit NormalFloat (Dettmers et al. 2023, arXiv:2305.14314, §3): in blocks of 64 values, each the nearest of 16 quantiles of the
    /// normal distribution times the block's largest magnitude, in float32; 4.5 bits a value.
    /// </summary>
    Nf4,

    /// <summary>NF4 with the blocks' magnitudes quantised too (§3, double quantisation): 8 bits each, in blocks of 256; 4.13 bits a value.</summary>
    Nf4DoubleQuantized,

    /// <summary>
    /// 8-bit whole numbers, each row's largest magnitude being 127, in float32; 8 bits a value. Without the outlier columns that LLM.int8
    /// (arXiv:2208.07339) keeps apart: here inputs are not quantised.
    /// </summary>
    EightBit,

    /// <summary>4-bit whole numbers in groups of 128 of a row, the largest magnitude of each being 7.5, with scales that float16 holds; 4.25 bits a value.</summary>
    FourBit,

    /// <summary>8-bit floats (e4m3), each row's largest magnitude being 448, in float32; 8 bits a value.</summary>
    Float8,
}
