namespace LongContext.Data.Columnar;

/// <summary>DELTA_BINARY_PACKED: the differences of neighbours, bit-packed in small blocks of a width of their own.</summary>
internal sealed class DeltaDecoder
{
    private const int LargestBlock = 1 << 20;

    private readonly ReadOnlyMemory<byte> bytes;
    private readonly int miniBlocks;
    private readonly int miniBlockSize;
    private int at;
    private long value;
    private long smallest;
    private int widthsAt;
    private int miniBlock;
    private int startOfMiniBlock;
    private int leftInMiniBlock;
    private int width;
    private int bitAt;
    private long left;
    private bool first = true;

    /// <param name="bytes">The numbers, and what stands behind them.</param>
    /// <param name="most">How many there can be: a few bytes can say any number of equal ones.</param>
    public DeltaDecoder(ReadOnlyMemory<byte> bytes, int most)
    {
        this.bytes = bytes;
        ThriftReader reader = new(bytes.Span);
        ulong block = reader.ReadVarint(), count = reader.ReadVarint(), total = reader.ReadVarint();
        value = reader.ReadInteger();
        at = reader.Position;
        if (block is 0 or > LargestBlock || count is 0 || count > block || block % count != 0 || (block / count) % 8 != 0)
            throw new ParquetFault($"blocks of {block} differences in {count} parts cannot be");
        if (total > (ulong)most) throw new ParquetFault($"a page of {most} values has {total} differences");
        (miniBlocks, miniBlockSize) = ((int)count, (int)(block / count));
        Count = (int)total;
        left = Count;
        miniBlock = miniBlocks;
    }

    /// <summary>How many values there are.</summary>
    public int Count { get; }

    /// <summary>Behind the last value that is there.</summary>
    public int End { get; private set; }

    public long Next()
    {
        if (left == 0) throw new ParquetFault("a page has fewer values than it says");
        left--;
        if (first)
        {
            first = false;
            End = at;
            return value;
        }

        if (leftInMiniBlock == 0) ReadMiniBlock();
        leftInMiniBlock--;
        // Differences wrap around, as the writer's did.
        value = unchecked(value + smallest + (long)ReadBits());
        return value;
    }

    private void ReadMiniBlock()
    {
        if (miniBlock == miniBlocks)
        {
            ThriftReader reader = new(bytes.Span[at..]);
            smallest = reader.ReadInteger();
            widthsAt = at + reader.Position;
            at = widthsAt + miniBlocks;
            if (at > bytes.Length) throw new ParquetFault("a block of differences ends too soon");
            miniBlock = 0;
        }

        width = bytes.Span[widthsAt + miniBlock];
        miniBlock++;
        if (width > 64) throw new ParquetFault($"a difference has {width} bits");
        int length = miniBlockSize * width / 8;
        if (length > bytes.Length - at) throw new ParquetFault("a block of differences ends too soon");
        bitAt = 0;
        leftInMiniBlock = miniBlockSize;
        startOfMiniBlock = at;
        at += length;
        End = at;
    }

    private ulong ReadBits()
    {
        ulong bits = 0;
        ReadOnlySpan<byte> packed = bytes.Span[startOfMiniBlock..];
        for (int have = 0; have < width;)
        {
            int offset = bitAt & 7, take = Math.Min(8 - offset, width - have);
            bits |= (ulong)((packed[bitAt >> 3] >> offset) & ((1 << take) - 1)) << have;
            have += take;
            bitAt += take;
        }

        return bits;
    }
}
