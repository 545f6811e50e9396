namespace LongContext.Training;

/// <summary>How many tokens' logits the head has in memory at a time.</summary>
internal static class HeadChunk
{
    /// <summary>On the CPU logits stay near the cache, but are enough rows that the head's matrix and gradient are not walked too often.</summary>
    private const long CpuBytes = 8L << 20, CpuRows = 256;

    private const long DeviceBytes = 512L << 20;

    /// <summary>Tokens of a chunk, at most the number there is.</summary>
    public static long Rows(long vocabulary, bool onGpu, long tokens)
    {
        long row = 4 * vocabulary;
        return Math.Min(tokens, onGpu ? Math.Max(1, DeviceBytes / row) : Math.Max(CpuRows, CpuBytes / row));
    }
}
