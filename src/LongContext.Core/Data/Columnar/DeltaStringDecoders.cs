namespace LongContext.Data.Columnar;

/// <summary>DELTA_LENGTH_BYTE_ARRAY: first all lengths, then all bytes.</summary>
internal sealed class DeltaLengthDecoder : ValueDecoder
{
    private readonly ReadOnlyMemory<byte> bytes;
    private readonly DeltaDecoder lengths;
    private int at;

    public DeltaLengthDecoder(ReadOnlyMemory<byte> bytes, int most)
    {
        this.bytes = bytes;
        at = EndOf(bytes, most);
        lengths = new DeltaDecoder(bytes, most);
    }

    public override RawValue Next()
    {
        long length = lengths.Next();
        if (length < 0 || length > bytes.Length - at) throw new ParquetFault($"a value says it has {length} bytes, but {bytes.Length - at} are left in its page");
        ReadOnlyMemory<byte> value = bytes.Slice(at, (int)length);
        at += (int)length;
        return new RawValue(0, value);
    }

    /// <summary>Where the numbers that stand at the beginning end.</summary>
    public static int EndOf(ReadOnlyMemory<byte> bytes, int most)
    {
        DeltaDecoder numbers = new(bytes, most);
        for (int i = 0; i < numbers.Count; i++) numbers.Next();
        if (numbers.Count > 0) return numbers.End;
        ThriftReader header = new(bytes.Span);
        for (int i = 0; i < 4; i++) header.ReadVarint();
        return header.Position;
    }
}

/// <summary>
/// DELTA_BYTE_ARRAY: of each value how much it shares with the one before, and the rest. The value at hand is changed in its place, so that passing over values takes time as
/// their rests: a page of a megabyte can hold a million values of half a megabyte each.
/// </summary>
internal sealed class DeltaPrefixDecoder : ValueDecoder
{
    private readonly DeltaDecoder prefixes;
    private readonly DeltaLengthDecoder suffixes;
    private byte[] last = [];
    private int length;

    public DeltaPrefixDecoder(ReadOnlyMemory<byte> bytes, int most)
    {
        prefixes = new DeltaDecoder(bytes, most);
        suffixes = new DeltaLengthDecoder(bytes[DeltaLengthDecoder.EndOf(bytes, most)..], most);
    }

    public override RawValue Next()
    {
        (int prefix, ReadOnlyMemory<byte> suffix) = Advance();
        return new RawValue(0, prefix == 0 ? suffix : last.AsSpan(0, length).ToArray());
    }

    public override void Skip() => Advance();

    private (int Prefix, ReadOnlyMemory<byte> Suffix) Advance()
    {
        long prefix = prefixes.Next();
        if (prefix < 0 || prefix > length) throw new ParquetFault($"a value shares {prefix} bytes with one of {length}");
        ReadOnlyMemory<byte> suffix = suffixes.Next().Bytes;
        length = (int)prefix + suffix.Length; // not more than all rests together, which are in one page
        if (length > last.Length) Array.Resize(ref last, (int)Math.Min(Array.MaxLength, Math.Max(length, 2L * last.Length)));
        suffix.Span.CopyTo(last.AsSpan((int)prefix));
        return ((int)prefix, suffix);
    }
}
