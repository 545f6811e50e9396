namespace LongContext.Cuda.Decoding;

/// <summary>Device addresses and sizes of one decoding step. Addresses are 16-byte aligned, strides are in elements and multiples of 8.</summary>
/// <remarks>
/// The cache is contiguous where <see cref="KeyBorders"/> is given, or paged where <see cref="Pages"/> is. It holds the new tokens' own keys and
/// values already (<see cref="CacheAppend"/>).
/// </remarks>
internal readonly record struct DecodingArguments
{
    /// <summary>Queries [tokens, heads, head size].</summary>
    public required nint Query { get; init; }

    /// <summary>Cached keys [rows, key heads, head size]; paged: [pages, page size, key heads, head size].</summary>
    public required nint Keys { get; init; }

    /// <summary>Cached values, as the keys.</summary>
    public required nint Values { get; init; }

    /// <summary>Receives the result [tokens, heads, head size].</summary>
    public required nint Output { get; init; }

    /// <summary>Receives the log-sum-exp, float32 [heads, tokens]; 0: not wanted.</summary>
    public nint LogSumExp { get; init; }

    /// <summary>int32 [sequences + 1]: where each sequence's tokens begin among the queries. No sequence may have more than the plan's.</summary>
    public required nint QueryBorders { get; init; }

    /// <summary>int32 [sequences]: keys of each sequence, its new tokens included; 0: the differences of <see cref="KeyBorders"/>.</summary>
    public nint Lengths { get; init; }

    /// <summary>int32 [sequences + 1], contiguous: the row at which each sequence's keys begin; with <see cref="Lengths"/> they may leave room to grow.</summary>
    public nint KeyBorders { get; init; }

    /// <summary>int32 [sequences, <see cref="MaxPages"/>], paged: the page of each <see cref="PageSize"/> keys. Only pages with visible keys are looked at.</summary>
    public nint Pages { get; init; }

    /// <summary>Entries of a sequence in <see cref="Pages"/>.</summary>
    public int MaxPages { get; init; }

    /// <summary>Keys of a page: a power of two from 16 to 256.</summary>
    public int PageSize { get; init; }

    /// <summary>The plan's <see cref="DecodingPlan.Words"/> in device memory.</summary>
    public required nint PlanWords { get; init; }

    /// <summary>Device memory of <see cref="DecodingPlan.WorkspaceBytes"/>; 0 where that is 0.</summary>
    public nint Workspace { get; init; }

    /// <summary>Query tokens in all.</summary>
    public required int Tokens { get; init; }

    /// <summary>From a query token to the next; 0: they lie densely.</summary>
    public int QueryStride { get; init; }

    /// <summary>From a row of keys to the next; 0: they lie densely.</summary>
    public int KeyStride { get; init; }

    /// <summary>From a row of values to the next; 0: they lie densely.</summary>
    public int ValueStride { get; init; }

    /// <summary>From a token's result to the next; 0: they lie densely.</summary>
    public int OutputStride { get; init; }

    /// <summary>What products of queries and keys are multiplied with.</summary>
    public required float Scale { get; init; }

    /// <summary>Bound c of the scores, c · tanh(s / c); 0: none.</summary>
    public float SoftCap { get; init; }
}
