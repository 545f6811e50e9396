namespace LongContext.Data.Columnar;

/// <summary>Parquet's hybrid of run lengths and bit-packing, one value at a time: levels, dictionary indices and truth values.</summary>
internal sealed class RunLengthDecoder(ReadOnlyMemory<byte> bytes, int bitWidth)
{
    private int at;
    private long left;
    private bool packed;
    private uint repeated;
    private ulong bits;
    private int bitCount;
    private int packedEnd;

    public int Next()
    {
        while (left == 0) ReadRun();
        left--;
        if (!packed) return (int)repeated;
        while (bitCount < bitWidth)
        {
            if (at >= packedEnd) throw new ParquetFault("a run of packed values ends too soon");
            bits |= (ulong)bytes.Span[at++] << bitCount;
            bitCount += 8;
        }

        int value = (int)(bits & ((1UL << bitWidth) - 1));
        bits >>= bitWidth;
        bitCount -= bitWidth;
        if (left == 0) at = packedEnd;
        return value;
    }

    private void ReadRun()
    {
        ThriftReader reader = new(bytes.Span[at..]);
        ulong header = reader.ReadVarint();
        at += reader.Position;
        packed = (header & 1) == 1;
        if (header >> 1 > uint.MaxValue) throw new ParquetFault($"a run has {header >> 1} values");
        if (packed)
        {
            left = (long)(header >> 1) * 8;
            // The last run may be cut at the last byte that is needed.
            packedEnd = (int)Math.Min(bytes.Length, at + ((left / 8) * bitWidth));
            (bits, bitCount) = (0, 0);
            return;
        }

        left = (long)(header >> 1);
        repeated = 0;
        for (int i = 0; i < (bitWidth + 7) / 8; i++)
        {
            if (at >= bytes.Length) throw new ParquetFault("a run ends too soon");
            repeated |= (uint)bytes.Span[at++] << (8 * i);
        }
    }
}
