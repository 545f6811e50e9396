namespace LongContext.Cuda.Decoding;

/// <summary>A token's keys, or values, in a coded cache: a byte for each element of its heads, then a float32 scale for each head, then nothing up to the next 16 bytes.</summary>
internal static class CodedRow
{
    /// <summary>Bytes of a row.</summary>
    public static int Bytes(int keyHeads, int headSize) => ((keyHeads * (headSize + sizeof(float))) + 15) / 16 * 16;

    /// <summary>Bytes before the scales.</summary>
    public static int ScaleStart(int keyHeads, int headSize) => keyHeads * headSize;
}
