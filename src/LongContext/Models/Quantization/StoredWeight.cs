using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>A quantised weight in a checkpoint: the tensors that it is made of, checked, and how it is read.</summary>
/// <param name="Parts">The tensors; the codes first.</param>
/// <param name="Read">Reads it onto a device.</param>
internal sealed record StoredWeight(IReadOnlyList<StoredTensor> Parts, Func<Device, QuantizedWeight> Read)
{
    /// <summary>Where its codes lie.</summary>
    public StoredTensor Codes => Parts[0];

    /// <summary>Finds a weight; null where it is plain, or not there.</summary>
    /// <param name="reader">The checkpoint.</param>
    /// <param name="weight">The weight's name in the files, with ".weight".</param>
    /// <param name="shape">Its shape [rows, columns].</param>
    /// <param name="quantization">What config.json says.</param>
    /// <exception cref="CheckpointFormatException">A tensor is missing, or of another type or shape than it must be.</exception>
    /// <exception cref="NotSupportedException">A variant that is not read here.</exception>
    public static StoredWeight? Find(CheckpointReader reader, string weight, long[] shape, CheckpointQuantization quantization)
    {
        if (shape.Length != 2 || !weight.EndsWith(".weight", StringComparison.Ordinal)) return null;
        string module = weight[..^".weight".Length];
        return quantization.Form switch
        {
            StoredForm.Gptq => StoredInt4.Gptq(reader, module, shape, quantization),
            StoredForm.Awq => StoredInt4.Awq(reader, module, shape, quantization),
            StoredForm.PackedRows => StoredInt4.PackedRows(reader, module, shape, quantization),
            StoredForm.Int8Rows => StoredInt8.Rows(reader, module, shape),
            StoredForm.BitsAndBytes4 => StoredNf4.Find(reader, module, shape),
            StoredForm.BitsAndBytes8 => StoredInt8.BitsAndBytes(reader, module, shape),
            _ => StoredFloat8.Find(reader, module, shape),
        };
    }
}
