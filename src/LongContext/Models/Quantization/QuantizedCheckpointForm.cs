namespace LongContext.Models.Quantization;

/// <summary>How the files of a quantised model are laid out: whose programs read them.</summary>
public enum QuantizedCheckpointForm
{
    /// <summary>int4 as <see cref="Gptq"/> where sizes allow, else as <see cref="CompressedTensors"/>; int8 and float8 as the latter; NF4 as <see cref="BitsAndBytes"/>.</summary>
    Auto,

    /// <summary>
    /// AutoGPTQ's and GPTQModel's, for int4: <c>qweight</c>, <c>qzeros</c>, <c>scales</c>, <c>g_idx</c>. Inputs and outputs must be multiples of 8, for most
    /// programs' kernels of 32. Read by transformers, vLLM, SGLang, ExLlama.
    /// </summary>
    Gptq,

    /// <summary>
    /// compressed-tensors', for int4 and int8 ("pack-quantized") and float8 ("float-quantized"): inputs as they are, any sizes, but for int4 groups that divide the inputs. Read by transformers, vLLM
    /// and SGLang.
    /// </summary>
    CompressedTensors,

    /// <summary>bitsandbytes', for NF4: <c>weight</c>, <c>weight.absmax</c>, <c>weight.quant_map</c> and the state as JSON. Read by transformers and vLLM.</summary>
    BitsAndBytes,
}
