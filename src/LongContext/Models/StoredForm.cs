namespace LongContext.Models;

/// <summary>How a checkpoint lays out quantised weights.</summary>
internal enum StoredForm
{
    /// <summary>8-bit floats and scales beside them.</summary>
    Float8,

    /// <summary>AutoGPTQ's.</summary>
    Gptq,

    /// <summary>AutoAWQ's "gemm" version.</summary>
    Awq,

    /// <summary>compressed-tensors' "pack-quantized".</summary>
    PackedRows,

    /// <summary>compressed-tensors' "int-quantized".</summary>
    Int8Rows,

    /// <summary>bitsandbytes' NF4.</summary>
    BitsAndBytes4,

    /// <summary>bitsandbytes' LLM.int8.</summary>
    BitsAndBytes8,
}
