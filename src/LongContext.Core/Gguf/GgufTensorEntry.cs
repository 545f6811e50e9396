namespace LongContext.Gguf;

/// <summary>One tensor to be written to a GGUF file.</summary>
public sealed class GgufTensorEntry
{
    /// <summary>Names longer than this are refused by llama.cpp.</summary>
    internal const int LongestName = 63;

    /// <summary>A tensor that writes itself when its turn comes, so that no two need to be in memory.</summary>
    /// <param name="name">Its name, unique in the file; at most 63 bytes.</param>
    /// <param name="type">Type of the elements.</param>
    /// <param name="shape">
    /// One to four sizes of at least 1, outermost first as elsewhere in this library (the file has them the other way round). For
    /// <see cref="GgufTensorType.Q4_0"/> and <see cref="GgufTensorType.Q8_0"/> the last is a multiple of 32.
    /// </param>
    /// <param name="writeTo">Writes the elements, little endian and row major: exactly <see cref="ByteLength"/> bytes.</param>
    /// <exception cref="ArgumentException">The name, type or shape cannot be.</exception>
    public GgufTensorEntry(string name, GgufTensorType type, IReadOnlyList<long> shape, Action<Stream> writeTo)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentNullException.ThrowIfNull(writeTo);
        if (System.Text.Encoding.UTF8.GetByteCount(name) > LongestName)
            throw new ArgumentException($"The name '{name}' has more than {LongestName} bytes.", nameof(name));
        if (!type.IsKnown()) throw new ArgumentException($"Tensor '{name}': type {type} is not one that is written.", nameof(type));
        if (shape.Count > 4 || !type.TryGetByteLength(shape, out long? byteLength))
        {
            throw new ArgumentException(
                $"Tensor '{name}' has shape {GgufTensorTypes.ToText(shape)}, expected one to four sizes of at least 1, "
                + $"the last a multiple of {type.BlockElements()}.",
                nameof(shape));
        }

        (Name, Type, Shape, ByteLength, WriteTo) = (name, type, [.. shape], byteLength.Value, writeTo);
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>Type of the elements.</summary>
    public GgufTensorType Type { get; }

    /// <summary>Sizes, outermost first.</summary>
    public IReadOnlyList<long> Shape { get; }

    /// <summary>Number of bytes the tensor takes.</summary>
    public long ByteLength { get; }

    internal Action<Stream> WriteTo { get; }

    /// <summary>A tensor from values in memory.</summary>
    /// <param name="name">Its name, unique in the file; at most 63 bytes.</param>
    /// <param name="type">Type in the file.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="values">The elements, row major; as many as the shape says.</param>
    /// <exception cref="ArgumentException">The name, type or shape cannot be, or the values do not fit the shape or the type.</exception>
    public static GgufTensorEntry Create(string name, GgufTensorType type, IReadOnlyList<long> shape, ReadOnlySpan<float> values)
    {
        byte[] bytes = [];
        GgufTensorEntry entry = new(name, type, shape, stream => stream.Write(bytes));
        long count = entry.ByteLength / type.BlockBytes() * type.BlockElements();
        if (count != values.Length)
            throw new ArgumentException(
                $"Tensor '{name}' has {values.Length} values, expected {count} for shape {GgufTensorTypes.ToText(shape)}.",
                nameof(values));
        bytes = new byte[entry.ByteLength];
        if (!GgufElements.TryEncode(type, values, bytes))
            throw new ArgumentException($"Tensor '{name}' has a value that {type} cannot hold.", nameof(values));
        return entry;
    }
}
