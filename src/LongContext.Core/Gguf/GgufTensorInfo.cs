namespace LongContext.Gguf;

/// <summary>Where and what a tensor of a GGUF file is.</summary>
/// <param name="Name">The tensor's name, unique in its file.</param>
/// <param name="Type">Type of the elements; a number without a name for types this library does not decode.</param>
/// <param name="Shape">Sizes, outermost first (the file has them the other way round).</param>
/// <param name="Offset">First byte, counted from the start of the file's data section.</param>
/// <param name="ByteLength">Number of bytes; null for types this library does not decode.</param>
public sealed record GgufTensorInfo(string Name, GgufTensorType Type, IReadOnlyList<long> Shape, long Offset, long? ByteLength)
{
    /// <summary>Whether both describe the same tensor at the same place; shapes are compared by their sizes.</summary>
    /// <param name="other">The other description.</param>
    public bool Equals(GgufTensorInfo? other) =>
        other is not null && Name == other.Name && Type == other.Type && Offset == other.Offset
        && ByteLength == other.ByteLength && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Type, Offset, ByteLength);
}
