namespace LongContext.Cuda.Attention;

/// <summary>Rows of heads in device memory: [tokens, heads, size], a token's heads together.</summary>
/// <param name="Address">Of the first element; a multiple of 16 bytes.</param>
/// <param name="Stride">Elements from a token to the next: a multiple of 8, at least heads · size.</param>
internal readonly record struct AttentionRows(nint Address, int Stride)
{
    /// <summary>A tile's rows are addressed by 32-bit offsets from its first.</summary>
    public const int MaxStride = 1 << 23;

    /// <exception cref="ArgumentException">The kernels cannot read or write such rows.</exception>
    internal void Check(string name, long tokens, int heads, int headSize)
    {
        if (tokens == 0) return;
        if (Address == 0 || Address % 16 != 0) throw new ArgumentException($"{name} is at address {Address:X}; a multiple of 16 is expected.", name);
        if (Stride < (long)heads * headSize || Stride % 8 != 0 || Stride > MaxStride)
        {
            throw new ArgumentException(
                $"{name}'s tokens are {Stride} elements apart; a multiple of 8 from {(long)heads * headSize} ({heads} heads of {headSize}) to {MaxStride} is expected.", name);
        }
    }
}
