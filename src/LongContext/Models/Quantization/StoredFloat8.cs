using LongContext.Checkpoints;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>8-bit floats with one scale, or one for each row. Those with scales by block are no weights of this kind: they are dequantised.</summary>
internal static class StoredFloat8
{
    public static StoredWeight? Find(CheckpointReader reader, string module, long[] shape)
    {
        if (StoredTensor.Find(reader, module + ".weight") is not { Info.DataType: TensorDataType.Float8E4M3 } codes) return null;
        if (!codes.Info.Shape.SequenceEqual(shape)) return null;
        StoredTensor? scale = Float8Weights.ScaleNames(module + ".weight").Select(name => StoredTensor.Find(reader, name)).FirstOrDefault(found => found is not null);
        if (scale is null || scale.Info.DataType is not (TensorDataType.Float16 or TensorDataType.BFloat16 or TensorDataType.Float32)) return null;
        if (!StoredInt8.IsPerRowOrTensor(scale, shape)) return null;
        return new([codes, scale], device =>
        {
            ReadOnlySpan<byte> bits = codes.Bytes();
            if (bits.IndexOfAny((byte)0x7F, (byte)0xFF) is var at and >= 0) throw codes.Fault($"is not a number at [{at / shape[1]}, {at % shape[1]}]");
            return new Float8Weight
            {
                Shape = shape,
                Codes = tensor(bits.ToArray()).reshape(shape).to(device).DetachFromDisposeScope(),
                Factors = tensor(StoredInt8.PerRow(scale, shape)).to(device).DetachFromDisposeScope(),
            };
        });
    }
}
