namespace LongContext.Checkpoints;

/// <summary>Arithmetic on shapes that cannot overflow unseen.</summary>
internal static class TensorShape
{
    /// <summary>Bytes of a tensor, or null when a dimension is negative or the product does not fit in 63 bits.</summary>
    public static long? TryGetByteLength(TensorDataType dataType, IReadOnlyList<long> shape)
    {
        // Int128 holds the product of two longs, so each step is checked after it is made.
        Int128 bytes = dataType.ByteSize();
        bool empty = false;
        foreach (long size in shape)
        {
            if (size < 0) return null;
            if (size == 0) empty = true;
            else bytes *= size;
            if (bytes > long.MaxValue) return null;
        }

        return empty ? 0 : (long)bytes;
    }

    public static string ToText(IReadOnlyList<long> shape) => $"[{string.Join(", ", shape)}]";
}
