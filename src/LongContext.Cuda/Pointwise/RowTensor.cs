namespace LongContext.Cuda.Pointwise;

/// <summary>A tensor of rows in device memory, which may be a slice of a wider one.</summary>
/// <param name="Address">The first element; 0 for no tensor.</param>
/// <param name="Stride">Elements from the beginning of a row to that of the next.</param>
internal readonly record struct RowTensor(nint Address, long Stride)
{
    /// <summary>Whether there is a tensor.</summary>
    public bool Exists => Address != 0;

    /// <summary>Whether each row begins on a border of 16 bytes. What does not exist is no hindrance.</summary>
    public bool IsChunked(ElementType type) => !Exists || ((Address | (nint)(Stride * type.Bytes())) & (ElementTypes.ChunkBytes - 1)) == 0;
}
