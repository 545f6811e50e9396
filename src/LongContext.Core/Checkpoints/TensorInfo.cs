namespace LongContext.Checkpoints;

/// <summary>Where and what a tensor of a safetensors file is.</summary>
/// <param name="Name">The tensor's name, unique in its file.</param>
/// <param name="DataType">Type of the elements.</param>
/// <param name="Shape">Sizes of the dimensions, row major; empty for a scalar. A size may be 0.</param>
/// <param name="Offset">First byte, counted from the start of the file's data section.</param>
/// <param name="ByteLength">Number of bytes: the product of the shape times the element's size.</param>
public sealed record TensorInfo(string Name, TensorDataType DataType, IReadOnlyList<long> Shape, long Offset, long ByteLength)
{
    /// <summary>Whether both describe the same tensor at the same place; shapes are compared by their sizes.</summary>
    /// <param name="other">The other description.</param>
    public bool Equals(TensorInfo? other) =>
        other is not null && Name == other.Name && DataType == other.DataType && Offset == other.Offset
        && ByteLength == other.ByteLength && Shape.SequenceEqual(other.Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, DataType, Offset, ByteLength);
}
