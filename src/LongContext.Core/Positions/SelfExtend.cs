namespace LongContext.Positions;

/// <summary>
/// Self-Extend: tokens nearer than a window keep their distance, farther ones are counted in groups, so that a window W and groups of G
/// reach (L − W)·G + W tokens with a model trained for L. No training; copying from far away gets blurred by the grouping.
/// </summary>
/// <remarks>
/// Jin et al. 2024, arXiv:2401.01325, §3 and algorithm 1: for i − j &lt; W the distance is i − j, otherwise
/// ⌊i/G⌋ − ⌊j/G⌋ + W − ⌊W/G⌋.
/// </remarks>
public sealed record SelfExtend : PositionRemapping
{
    private const int Neighbors = 0;

    /// <summary>Makes it.</summary>
    /// <param name="groupSize">G, tokens in a group; at least 1 (which changes nothing). 4 to 8 is usual.</param>
    /// <param name="neighborWindow">W, tokens that keep their distance; at least 1. A quarter to a half of the trained window is usual.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is below 1.</exception>
    public SelfExtend(int groupSize, int neighborWindow)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(neighborWindow, 1);
        GroupSize = groupSize;
        NeighborWindow = neighborWindow;
    }

    /// <summary>G, tokens in a group.</summary>
    public int GroupSize { get; }

    /// <summary>W, the number of nearest tokens, a token itself included, that keep their distance.</summary>
    public int NeighborWindow { get; }

    internal override int RequiredWindow => NeighborWindow;

    internal override int ViewCount => 2;

    internal override int KeyMapCount => 2;

    internal override int KeyMapOf(int view) => view;

    internal override int QueryPosition(int view, int query) =>
        view == Neighbors ? query : (query / GroupSize) + NeighborWindow - (NeighborWindow / GroupSize);

    internal override int KeyPosition(int keyMap, int key) => keyMap == Neighbors ? key : key / GroupSize;

    internal override (int Start, int End) VisibleKeys(int view, int query)
    {
        int firstNeighbor = Math.Max(0, query - NeighborWindow + 1);
        return view == Neighbors ? (firstNeighbor, query + 1) : (0, firstNeighbor);
    }

    private protected override int LongestWithin(int trainedWindow)
    {
        // The largest distance in a document of n tokens is that of its last token to its first: ⌊(n−1)/G⌋ + W − ⌊W/G⌋ ≤ L − 1.
        long groups = (long)trainedWindow - 1 - NeighborWindow + (NeighborWindow / GroupSize);
        return (int)Math.Min(int.MaxValue, Math.Max(NeighborWindow, (groups + 1) * GroupSize));
    }
}
