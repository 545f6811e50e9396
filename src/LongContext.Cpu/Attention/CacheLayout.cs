using System.Numerics;

namespace LongContext.Cpu.Attention;

/// <summary>
/// How the keys and values of <see cref="PageTokens"/> tokens lie in one layer's part of a page. For each key head: keys as
/// [PageTokens / GroupTokens, HeadSize, GroupTokens], so that 16 tokens fill a vector, a dot product needs no sum across lanes, and a group is read from its first byte to its last;
/// then values as [PageTokens, PaddedHeadSize]. In int8, whose products are of pairs, neighbours lie side by side: keys as [PageTokens / GroupTokens, HeadSize / 2, GroupTokens, 2], the head rounded up to an even
/// number, and values as [PageTokens / 2, PaddedHeadSize, 2].
/// Behind the last head, where the format has scales: float32 [KeyHeads, 2, PageTokens], keys' before values'. Layers of a page follow one another.
/// </summary>
internal readonly record struct CacheLayout
{
    /// <summary>Tokens that fill a vector.</summary>
    public const int LaneTokens = 16;

    /// <summary>The largest head.</summary>
    public const int MaximumHeadSize = 256;

    // Asked for with every few keys: worked out once.
    private readonly long keyBytes;
    private readonly long headBytes;
    private readonly int pageShift;
    private readonly int keySize;

    /// <summary>A layout.</summary>
    /// <param name="keyHeads">Heads of keys and values; at least 1.</param>
    /// <param name="headSize">Numbers of a head, 1 to 256. Values are padded to a multiple of 16.</param>
    /// <param name="pageTokens">Tokens of a page, a multiple of 16; multiples of 64 are fast.</param>
    /// <param name="format">Number format.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public CacheLayout(int keyHeads, int headSize, int pageTokens, CacheFormat format)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keyHeads, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(headSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(headSize, MaximumHeadSize);
        if (pageTokens < LaneTokens || pageTokens % LaneTokens != 0)
            throw new ArgumentOutOfRangeException(nameof(pageTokens), pageTokens, $"A page holds a multiple of {LaneTokens} tokens.");
        if (!Enum.IsDefined(format)) throw new ArgumentOutOfRangeException(nameof(format), format, "There is no such format.");
        (KeyHeads, HeadSize, PageTokens, Format) = (keyHeads, headSize, pageTokens, format);
        pageShift = BitOperations.IsPow2(pageTokens) ? BitOperations.Log2((uint)pageTokens) : -1;
        GroupTokens = pageTokens % 64 == 0 ? 64 : pageTokens % 32 == 0 ? 32 : LaneTokens;
        PaddedHeadSize = (headSize + LaneTokens - 1) / LaneTokens * LaneTokens;
        ElementBytes = format switch { CacheFormat.Float32 => 4, CacheFormat.BFloat16 => 2, _ => 1 };
        HasScales = format is CacheFormat.Float8 or CacheFormat.Int8;
        Neighbours = format == CacheFormat.Int8 ? 2 : 1;
        keySize = (headSize + Neighbours - 1) / Neighbours * Neighbours;
        keyBytes = (long)pageTokens * keySize * ElementBytes;
        headBytes = keyBytes + ((long)pageTokens * PaddedHeadSize * ElementBytes);
        LayerBytes = keyHeads * (headBytes + (HasScales ? 2L * sizeof(float) * pageTokens : 0)) + 63 & ~63L;
    }

    /// <summary>Heads of keys and values.</summary>
    public int KeyHeads { get; }

    /// <summary>Numbers of a head.</summary>
    public int HeadSize { get; }

    /// <summary>Tokens of a page.</summary>
    public int PageTokens { get; }

    /// <summary>Number format.</summary>
    public CacheFormat Format { get; }

    /// <summary>Tokens whose keys lie interleaved: 64, or 32 or 16 where 64 does not divide <see cref="PageTokens"/>.</summary>
    public int GroupTokens { get; }

    /// <summary>Numbers of a row of values: the head size, rounded up to a multiple of 16; the rest are zeros.</summary>
    public int PaddedHeadSize { get; }

    /// <summary>Bytes of a number.</summary>
    public int ElementBytes { get; }

    /// <summary>Whether each token and head has a scale.</summary>
    public bool HasScales { get; }

    /// <summary>Numbers of a key, and values of neighbouring tokens, that lie side by side; such an element is what a lane holds.</summary>
    public int Neighbours { get; }

    /// <summary>Elements of a key: of <see cref="Neighbours"/> numbers each, what is behind the head's last is 0.</summary>
    public int KeyElements => keySize / Neighbours;

    /// <summary>Bytes from an element of a key to the next.</summary>
    public int KeyStep => GroupTokens * Neighbours * ElementBytes;

    /// <summary>Bytes of one layer's part of a page, a multiple of 64.</summary>
    public long LayerBytes { get; }

    /// <summary>The page that holds a position, and its slot there.</summary>
    public int PageOf(int position, out int slot)
    {
        // Asked for with every few keys; divisions are slow.
        int page = pageShift >= 0 ? position >> pageShift : position / PageTokens;
        slot = position - (page * PageTokens);
        return page;
    }

    /// <summary>Where the first element of a token's key lies in the layer's part; the next ones are <see cref="KeyStep"/> bytes apart.</summary>
    public long KeyOffset(int keyHead, int slot)
    {
        int group = GroupTokens, inGroup = slot & (group - 1);
        return (keyHead * headBytes) + (((long)(slot - inGroup) * keySize) + (inGroup * Neighbours)) * ElementBytes;
    }

    /// <summary>Where the first number of a token's value lies in the layer's part; the next ones are <see cref="Neighbours"/> numbers apart.</summary>
    public long ValueOffset(int keyHead, int slot)
    {
        int inPair = slot & (Neighbours - 1);
        return (keyHead * headBytes) + keyBytes + (((long)(slot - inPair) * PaddedHeadSize) + inPair) * ElementBytes;
    }

    /// <summary>Copies what a head has of a token.</summary>
    /// <param name="from">The layer's part of a page.</param>
    /// <param name="slot">The token's slot there.</param>
    /// <param name="to">The layer's part of another page.</param>
    /// <param name="toSlot">The slot there.</param>
    /// <param name="keyHead">The head.</param>
    public unsafe void CopyToken(byte* from, int slot, byte* to, int toSlot, int keyHead)
    {
        int bytes = Neighbours * ElementBytes, step = KeyStep;
        byte* source = from + KeyOffset(keyHead, slot), target = to + KeyOffset(keyHead, toSlot);
        for (int i = 0; i < KeyElements; i++, source += step, target += step) new ReadOnlySpan<byte>(source, bytes).CopyTo(new Span<byte>(target, bytes));
        source = from + ValueOffset(keyHead, slot);
        target = to + ValueOffset(keyHead, toSlot);
        if (Neighbours == 1)
        {
            int row = PaddedHeadSize * ElementBytes;
            new ReadOnlySpan<byte>(source, row).CopyTo(new Span<byte>(target, row));
        }
        else
        {
            for (int i = 0; i < PaddedHeadSize; i++) target[i * Neighbours] = source[i * Neighbours];
        }

        if (!HasScales) return;
        ((float*)(to + KeyScaleOffset(keyHead)))[toSlot] = ((float*)(from + KeyScaleOffset(keyHead)))[slot];
        ((float*)(to + ValueScaleOffset(keyHead)))[toSlot] = ((float*)(from + ValueScaleOffset(keyHead)))[slot];
    }

    /// <summary>Where a head's scales of keys begin in the layer's part.</summary>
    public long KeyScaleOffset(int keyHead) => (KeyHeads * headBytes) + (2L * sizeof(float) * PageTokens * keyHead);

    /// <summary>Where a head's scales of values begin in the layer's part.</summary>
    public long ValueScaleOffset(int keyHead) => KeyScaleOffset(keyHead) + ((long)sizeof(float) * PageTokens);
}
