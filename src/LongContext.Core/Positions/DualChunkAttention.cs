namespace LongContext.Positions;

/// <summary>
/// Dual chunk attention: a document is cut into chunks shorter than the trained window; distances within a chunk and to the end of the
/// one before are exact, all others are shown as the largest the model knows. No training, and no limit to the length.
/// </summary>
/// <remarks>
/// An et al. 2024, arXiv:2402.17463, §3 (equations 2 to 7): with c = <see cref="ChunkSize"/>, w = <see cref="LocalSize"/> and chunks of
/// s = c − w tokens, a key stands at j mod s; a query at i mod s for keys of its own chunk, at min(s + (i mod s), c − 1) for those of the
/// chunk before, and at c − 1 for all earlier ones. The names are those of <c>dual_chunk_attention_config</c> in config files.
/// </remarks>
public sealed record DualChunkAttention : PositionRemapping
{
    private const int Intra = 0, Successive = 1;

    /// <summary>Makes it.</summary>
    /// <param name="chunkSize">c, at most the trained window; at least 2.</param>
    /// <param name="localSize">
    /// w, tokens before a chunk's border that keep their exact distance; from 1 to c/2, since keys two chunks back would else seem farther
    /// than they are. A quarter of c is usual.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public DualChunkAttention(int chunkSize, int localSize)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(chunkSize, 2);
        ArgumentOutOfRangeException.ThrowIfLessThan(localSize, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(localSize, chunkSize / 2);
        ChunkSize = chunkSize;
        LocalSize = localSize;
    }

    /// <summary>c: one more than the largest distance that the model is shown.</summary>
    public int ChunkSize { get; }

    /// <summary>w: tokens across a chunk's border that keep their exact distance.</summary>
    public int LocalSize { get; }

    internal override int RequiredWindow => ChunkSize;

    internal override int ViewCount => 3;

    internal override int KeyMapCount => 1;

    /// <summary>s, tokens of a chunk.</summary>
    private int Length => ChunkSize - LocalSize;

    internal override int KeyMapOf(int view) => 0;

    internal override int QueryPosition(int view, int query) => view switch
    {
        Intra => query % Length,
        Successive => Math.Min(Length + (query % Length), ChunkSize - 1),
        _ => ChunkSize - 1,
    };

    internal override int KeyPosition(int keyMap, int key) => key % Length;

    internal override (int Start, int End) VisibleKeys(int view, int query)
    {
        int chunk = query / Length * Length, before = Math.Max(0, chunk - Length);
        return view switch
        {
            Intra => (chunk, query + 1),
            Successive => (before, chunk),
            _ => (0, before),
        };
    }

    private protected override int LongestWithin(int trainedWindow) => int.MaxValue;
}
