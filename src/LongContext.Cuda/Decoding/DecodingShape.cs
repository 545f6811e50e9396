namespace LongContext.Cuda.Decoding;

/// <summary>What of a decoding step stays the same from token to token.</summary>
internal sealed record DecodingShape
{
    /// <summary>Head sizes that kernels are built for.</summary>
    public static IReadOnlyList<int> HeadSizes { get; } = [64, 80, 96, 128, 256];

    /// <summary>Number format.</summary>
    public CacheElement Element { get; init; }

    /// <summary>What keys and values lie as, beside queries and results of <see cref="Element"/>: numbers of that type, by default, or codes (<see cref="CodedRow"/>).</summary>
    public CacheCodes Codes { get; init; }

    /// <summary>Query heads, a multiple of <see cref="KeyHeads"/>.</summary>
    public required int Heads { get; init; }

    /// <summary>Heads of keys and values.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Elements of a head; one of <see cref="HeadSizes"/>.</summary>
    public required int HeadSize { get; init; }

    /// <summary>New tokens of a sequence in one step, at most: 1 to 16. More than one: speculative decoding.</summary>
    public int MaxQueryTokens { get; init; } = 1;

    /// <summary>Earlier tokens that a token sees beside itself; null: all of them.</summary>
    public int? WindowLeft { get; init; }

    /// <summary>Query heads that share a key head.</summary>
    public int Group => Heads / KeyHeads;

    /// <summary>Rows that see the keys of one key head: query tokens × group.</summary>
    public int Rows => MaxQueryTokens * Group;

    /// <summary>Warps of a block with rows of their own, 16 each; the block's other warps share the keys with them.</summary>
    public int RowWarps => Rows <= 16 ? 1 : Rows <= 32 || HeadSize > 128 ? 2 : 4;

    /// <summary>Blocks that the rows of a key head need; more than one read the cache together, through L2.</summary>
    public int RowBlocks => (Rows + (16 * RowWarps) - 1) / (16 * RowWarps);

    /// <exception cref="ArgumentException">The values do not go together; the message names them.</exception>
    public void Validate()
    {
        if (Element is not (CacheElement.BFloat16 or CacheElement.Float16)) throw new ArgumentException($"{nameof(Element)} is {Element}.");
        if (Codes is < CacheCodes.None or > CacheCodes.Float8) throw new ArgumentException($"{nameof(Codes)} is {Codes}.");
        if (KeyHeads < 1) throw new ArgumentException($"{nameof(KeyHeads)} is {KeyHeads}, expected at least 1.");
        if (Heads < 1 || Heads % KeyHeads != 0) throw new ArgumentException($"{nameof(Heads)} is {Heads}, expected a multiple of {nameof(KeyHeads)} = {KeyHeads}.");
        if (!HeadSizes.Contains(HeadSize)) throw new ArgumentException($"{nameof(HeadSize)} is {HeadSize}, expected one of {string.Join(", ", HeadSizes)}.");
        if (MaxQueryTokens is < 1 or > 16) throw new ArgumentException($"{nameof(MaxQueryTokens)} is {MaxQueryTokens}, expected 1 to 16.");
        if (WindowLeft < 0) throw new ArgumentException($"{nameof(WindowLeft)} is {WindowLeft}, expected at least 0, or null for no window.");
    }
}
