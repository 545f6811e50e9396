using System.Runtime.InteropServices;
using LongContext.Checkpoints;

namespace LongContext.Models.Quantization;

/// <summary>A tensor of a file that belongs to a quantised weight: checked when it is found, read when its turn comes.</summary>
internal sealed class StoredTensor(SafetensorsFile file, TensorInfo info)
{
    public SafetensorsFile File { get; } = file;

    public TensorInfo Info { get; } = info;

    /// <summary>The tensor of a name; null where there is none.</summary>
    public static StoredTensor? Find(CheckpointReader reader, string name) =>
        reader.TryFind(name, out SafetensorsFile? file, out TensorInfo? info) ? new StoredTensor(file, info) : null;

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="CheckpointFormatException">There is none.</exception>
    public static StoredTensor Require(CheckpointReader reader, string name, StoredTensor beside) =>
        Find(reader, name) ?? throw new CheckpointFormatException($"{beside.File.Path}: tensor '{beside.Info.Name}' is quantised, but '{name}' is missing.");

    /// <exception cref="CheckpointFormatException">The type is none of these.</exception>
    public StoredTensor OfType(params ReadOnlySpan<TensorDataType> types)
    {
        foreach (TensorDataType type in types)
        {
            if (Info.DataType == type) return this;
        }

        throw Fault($"is of type {Info.DataType}, expected {string.Join(" or ", types.ToArray())}");
    }

    /// <exception cref="CheckpointFormatException">The type is no floating point that scales are in.</exception>
    public StoredTensor OfFloats() => OfType(TensorDataType.Float16, TensorDataType.BFloat16, TensorDataType.Float32);

    /// <exception cref="CheckpointFormatException">The shape is another.</exception>
    public StoredTensor OfShape(params ReadOnlySpan<long> shape)
    {
        if (Info.Shape.Count == shape.Length)
        {
            bool same = true;
            for (int i = 0; i < shape.Length; i++) same &= Info.Shape[i] == shape[i];
            if (same) return this;
        }

        throw Fault($"has shape [{string.Join(", ", Info.Shape)}], expected [{string.Join(", ", shape.ToArray())}]");
    }

    public CheckpointFormatException Fault(string what) => new($"{File.Path}: tensor '{Info.Name}' {what}.");

    /// <summary>The bytes; a tensor of more than 2 GB is refused.</summary>
    public ReadOnlySpan<byte> Bytes() =>
        Info.ByteLength == 0 ? [] : Info.ByteLength <= int.MaxValue ? File.GetBytes(Info.Name) : throw new NotSupportedException($"{File.Path}: tensor '{Info.Name}' has {Info.ByteLength} bytes; at most {int.MaxValue} are read of a quantised weight.");

    /// <summary>32-bit words.</summary>
    public ReadOnlySpan<uint> Words()
    {
        ReadOnlySpan<byte> bytes = Bytes();
        return (Info.Offset & 3) == 0 ? MemoryMarshal.Cast<byte, uint>(bytes) : MemoryMarshal.Cast<byte, uint>(bytes.ToArray());
    }

    /// <summary>Values in float32, all finite.</summary>
    public float[] Floats()
    {
        ReadOnlySpan<byte> bytes = Bytes();
        var values = new float[bytes.Length / Info.DataType.ByteSize()];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Info.DataType switch
            {
                TensorDataType.Float32 => BitConverter.ToSingle(bytes[(4 * i)..]),
                TensorDataType.Float16 => (float)BitConverter.ToHalf(bytes[(2 * i)..]),
                _ => BitConverter.UInt32BitsToSingle((uint)BitConverter.ToUInt16(bytes[(2 * i)..]) << 16),
            };
            if (!float.IsFinite(values[i])) throw Fault($"holds {values[i]} at {i}, expected finite numbers");
        }

        return values;
    }
}
