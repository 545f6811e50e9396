namespace LongContext.Models.Quantization;

/// <summary>How codes are chosen.</summary>
public enum QuantizationMethod
{
    /// <summary>Each value to the nearest; needs no text.</summary>
    Rounding,

    /// <summary>
    /// GPTQ (Frantar et al. 2022, arXiv:2210.17323): column by column, what rounding a column changes of the outputs is made up for by the columns
    /// after it, as well as inputs met in the user's text allow.
    /// </summary>
    Gptq,
}
