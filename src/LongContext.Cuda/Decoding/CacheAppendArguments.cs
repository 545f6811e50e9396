namespace LongContext.Cuda.Decoding;

/// <summary>Device addresses and sizes of an append to the cache. Addresses are 16-byte aligned, strides are in elements and multiples of 8.</summary>
internal readonly record struct CacheAppendArguments
{
    /// <summary>Number format.</summary>
    public CacheElement Element { get; init; }

    /// <summary>What the cache's rows are: numbers, by default, or codes (<see cref="CodedRow"/>), which strides of the cache do not go with.</summary>
    public CacheCodes Codes { get; init; }

    /// <summary>Queries [tokens, heads, head size], rotated in place; 0: none.</summary>
    public nint Query { get; init; }

    /// <summary>New keys [tokens, key heads, head size].</summary>
    public required nint Keys { get; init; }

    /// <summary>New values [tokens, key heads, head size].</summary>
    public required nint Values { get; init; }

    /// <summary>The cache's keys [rows, key heads, head size].</summary>
    public required nint KeyCache { get; init; }

    /// <summary>The cache's values [rows, key heads, head size].</summary>
    public required nint ValueCache { get; init; }

    /// <summary>int32 [tokens]: the cache's row of each token (paged: page · page size + offset); negative: the token is not kept. No two may be equal.</summary>
    public required nint Slots { get; init; }

    /// <summary>Rows of the cache; tokens with slots from there on are not kept.</summary>
    public required long CacheRows { get; init; }

    /// <summary>int32 [tokens]: rows of the cosine and sine tables; 0: nothing is rotated.</summary>
    public nint Positions { get; init; }

    /// <summary>float32 [positions, rotary size / 2].</summary>
    public nint Cosines { get; init; }

    /// <summary>float32 [positions, rotary size / 2].</summary>
    public nint Sines { get; init; }

    /// <summary>First elements of a head that turn, a multiple of 16; 0: all of them, where positions are given.</summary>
    public int RotarySize { get; init; }

    /// <summary>New tokens.</summary>
    public required int Tokens { get; init; }

    /// <summary>Query heads; not used without queries.</summary>
    public int Heads { get; init; }

    /// <summary>Heads of keys and values.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Elements of a head: a multiple of 16.</summary>
    public required int HeadSize { get; init; }

    /// <summary>From a query token to the next; 0: they lie densely.</summary>
    public int QueryStride { get; init; }

    /// <summary>From a new key to the next; 0: they lie densely.</summary>
    public int KeyStride { get; init; }

    /// <summary>From a new value to the next; 0: they lie densely.</summary>
    public int ValueStride { get; init; }

    /// <summary>From a row of the cache's keys to the next; 0: they lie densely.</summary>
    public int KeyCacheStride { get; init; }

    /// <summary>From a row of the cache's values to the next; 0: they lie densely.</summary>
    public int ValueCacheStride { get; init; }
}
