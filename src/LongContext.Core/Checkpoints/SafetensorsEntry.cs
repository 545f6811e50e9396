using System.Runtime.InteropServices;

namespace LongContext.Checkpoints;

/// <summary>One tensor to be written to a safetensors file.</summary>
public sealed class SafetensorsEntry
{
    /// <summary>A tensor that writes itself, so that it need not be in managed memory.</summary>
    /// <param name="name">Its name, unique in the file; not "__metadata__".</param>
    /// <param name="dataType">Type of the elements.</param>
    /// <param name="shape">Sizes of the dimensions, row major; empty for a scalar.</param>
    /// <param name="writeTo">Writes the elements, little endian and row major: exactly <see cref="ByteLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The name is empty or reserved, or the shape negative or too large.</exception>
    public SafetensorsEntry(string name, TensorDataType dataType, IReadOnlyList<long> shape, Action<Stream> writeTo)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(writeTo);
        if (name == SafetensorsHeader.MetadataKey)
        {
            throw new ArgumentException($"A tensor cannot be called '{name}': the format keeps that name for its metadata.", nameof(name));
        }

        Name = name;
        DataType = dataType;
        Shape = [.. shape];
        ByteLength = TensorShape.TryGetByteLength(dataType, Shape)
            ?? throw new ArgumentException(
                $"Tensor '{name}' has shape {TensorShape.ToText(Shape)}, expected sizes of at least 0 that fit in memory.", nameof(shape));
        WriteTo = writeTo;
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public TensorDataType DataType { get; }

    /// <summary>Sizes of the dimensions, row major; empty for a scalar.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of bytes the tensor takes.</summary>
    public long ByteLength { get; }

    internal Action<Stream> WriteTo { get; }

    /// <summary>A tensor from values in memory; its element type follows from <typeparamref name="T"/>.</summary>
    /// <typeparam name="T">A number type of .NET or bool, for example <see cref="float"/>, <see cref="Half"/> or <see cref="long"/>.</typeparam>
    /// <param name="name">Its name, unique in the file; not "__metadata__".</param>
    /// <param name="shape">Sizes of the dimensions, row major; empty for a scalar.</param>
    /// <param name="values">The elements, row major; as many as the shape says.</param>
    /// <exception cref="ArgumentException">The name, type or shape cannot be, or the number of values does not fit the shape.</exception>
    public static SafetensorsEntry Create<T>(string name, IReadOnlyList<long> shape, ReadOnlyMemory<T> values)
        where T : unmanaged
    {
        TensorDataType dataType = TensorDataTypeExtensions.FromClrType(typeof(T))
            ?? throw new ArgumentException($"Tensor '{name}': safetensors has no element type for {typeof(T).Name}.", nameof(values));
        SafetensorsEntry entry = new(name, dataType, shape, stream => WriteValues(stream, values.Span));
        if (entry.ByteLength / dataType.ByteSize() != values.Length)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {values.Length} values, expected {entry.ByteLength / dataType.ByteSize()} for shape {TensorShape.ToText(entry.Shape)}.",
                nameof(values));
        }

        return entry;
    }

    private static void WriteValues<T>(Stream stream, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        // In parts, because the bytes of a large array can be more than one span holds.
        const int Part = 1 << 24;
        for (; !values.IsEmpty; values = values[Math.Min(Part, values.Length)..])
        {
            stream.Write(MemoryMarshal.AsBytes(values[..Math.Min(Part, values.Length)]));
        }
    }
}
