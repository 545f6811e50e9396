using LongContext.Checkpoints;
using LongContext.Checkpoints.Quantization;
using static TorchSharp.torch;

namespace LongContext.Models.Quantization;

/// <summary>NF4 as bitsandbytes serialises it: codes of the flattened matrix, magnitudes of its blocks, and the state as JSON.</summary>
internal static class StoredNf4
{
    private const float LargestDifference = 1e-6f;

    public static StoredWeight? Find(CheckpointReader reader, string module, long[] shape)
    {
        string weight = module + ".weight";
        if (StoredTensor.Find(reader, weight) is not { Info.DataType: TensorDataType.UInt8 } codes) return null;
        if (StoredTensor.Find(reader, weight + BitsAndBytesState.OtherSuffix) is { } other)
            throw new NotSupportedException($"{other.File.Path}: tensor '{weight}' is in FP4; of bitsandbytes' 4-bit types only NF4 is read.");
        StoredTensor packed = StoredTensor.Require(reader, weight + BitsAndBytesState.Suffix, codes).OfType(TensorDataType.UInt8);
        BitsAndBytesState state = BitsAndBytesState.Parse(packed.Bytes(), $"{packed.File.Path}: tensor '{packed.Info.Name}'");
        if (!state.Shape.SequenceEqual(shape)) throw packed.Fault($"says that the weight has shape [{string.Join(", ", state.Shape)}], but config.json asks for [{string.Join(", ", shape)}]");
        if (state.BlockSize % Nf4Rows.BlockSize != 0) throw new NotSupportedException($"{packed.File.Path}: tensor '{weight}' is in blocks of {state.BlockSize}; multiples of {Nf4Rows.BlockSize} are read.");

        long elements = shape[0] * shape[1], blocks = (elements + state.BlockSize - 1) / state.BlockSize;
        if (codes.Info.ByteLength != (elements + 1) / 2) throw codes.Fault($"has {codes.Info.ByteLength} bytes, expected {(elements + 1) / 2}");
        StoredTensor map = StoredTensor.Require(reader, weight + ".quant_map", codes).OfFloats().OfShape(16);
        bool nested = state.NestedBlockSize is not null;
        StoredTensor magnitudes = StoredTensor.Require(reader, weight + ".absmax", codes).OfType(nested ? TensorDataType.UInt8 : TensorDataType.Float32).OfShape(blocks);
        List<StoredTensor> parts = [codes, packed, map, magnitudes];
        StoredTensor? groups = null, table = null;
        if (nested)
        {
            groups = StoredTensor.Require(reader, weight + ".nested_absmax", codes).OfType(TensorDataType.Float32).OfShape((blocks + state.NestedBlockSize!.Value - 1) / state.NestedBlockSize.Value);
            table = StoredTensor.Require(reader, weight + ".nested_quant_map", codes).OfType(TensorDataType.Float32).OfShape(256);
            parts.AddRange([groups, table]);
        }

        return new(parts, device =>
        {
            float[] values = map.Floats();
            for (int i = 0; i < values.Length; i++)
            {
                if (MathF.Abs(values[i] - Nf4Codebook.Values[i]) > LargestDifference) throw map.Fault($"gives code {i} the value {values[i]}, expected NF4's {Nf4Codebook.Values[i]}");
            }

            return Make(shape, codes.Bytes(), Magnitudes(state, magnitudes, groups, table, (elements + Nf4Rows.BlockSize - 1) / Nf4Rows.BlockSize, device), device);
        });
    }

    private static Nf4Magnitudes Magnitudes(BitsAndBytesState state, StoredTensor stored, StoredTensor? groups, StoredTensor? table, long blocksHere, Device device)
    {
        if (groups is not null && state.BlockSize == Nf4Rows.BlockSize && state.NestedBlockSize == Nf4Magnitudes.GroupSize)
            return Nf4Magnitudes.FromCodes(stored.Bytes(), groups.Floats(), table!.Floats(), state.NestedOffset, device);
        float[] values;
        if (groups is null) values = stored.Floats();
        else
        {
            float[] largest = groups.Floats(), steps = table!.Floats();
            float offset = (float)state.NestedOffset;
            ReadOnlySpan<byte> codes = stored.Bytes();
            values = new float[codes.Length];
            for (int i = 0; i < values.Length; i++) values[i] = (steps[codes[i]] * largest[i / state.NestedBlockSize!.Value]) + offset;
        }

        int times = state.BlockSize / Nf4Rows.BlockSize;
        if (times > 1) values = [.. Enumerable.Range(0, checked((int)blocksHere)).Select(block => values[block / times])];
        return Nf4Magnitudes.Plain(values, device);
    }

    private static QuantizedWeight Make(long[] shape, ReadOnlySpan<byte> codes, Nf4Magnitudes magnitudes, Device device)
    {
        bool flat = shape[1] % Nf4Rows.BlockSize != 0;
        long blocks = ((shape[0] * shape[1]) + Nf4Rows.BlockSize - 1) / Nf4Rows.BlockSize;
        long[] own = flat ? [blocks, Nf4Rows.BlockSize] : shape;
        var bytes = new byte[own[0] * own[1] / 2];
        bytes.AsSpan().Fill((Nf4Rows.ZeroCode << 4) | Nf4Rows.ZeroCode);
        codes.CopyTo(bytes);
        var weight = new Nf4Weight
        {
            Shape = own,
            Codes = tensor(bytes).reshape(own[0], own[1] / 2).to(device).DetachFromDisposeScope(),
            Magnitudes = magnitudes,
            Pairs = tensor(Nf4Codebook.Pairs).reshape(256, 2).to(device).DetachFromDisposeScope(),
        };
        return flat ? new Nf4FlatWeight { Shape = shape, Codes = weight.Codes, Blocks = weight } : weight;
    }
}
