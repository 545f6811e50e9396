using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>Which instances the Hopper path has, and when they are taken: pure functions.</summary>
/// <remarks>
/// Forward, a computing thread holds O (size / 2 registers), S (keys / 2) and packed P (keys / 4): 160 of 232 with heads of 128 and 128 keys,
/// 188 with heads of 256 and 80 keys, which is also what 227 KB hold. Heads of 64 leave room for three computing warpgroups of 160 registers,
/// which hide more of the exponentials. Backward, ∂k, ∂v, S, ∂w and packed P take 208 of 240 with heads of 128 and 64 queries, 192 with heads of
/// 64 and 128 queries, where P and ∂s are packed in S's and ∂w's place; with heads of 96 and 256 the portable kernel is taken. None of these shapes has been timed on a GPU yet.
/// </remarks>
internal static class HopperTiles
{
    private static readonly HopperTileShape[] Shapes =
    [
        HopperTileShape.Forward(64, keyRows: 128, consumers: 3, queryStages: 2),
        HopperTileShape.Forward(96, keyRows: 128, consumers: 2, queryStages: 2),
        HopperTileShape.Forward(128, keyRows: 128, consumers: 2, queryStages: 2),
        HopperTileShape.Forward(256, keyRows: 80, consumers: 2, queryStages: 1),
        HopperTileShape.BackwardKeys(64, queryRows: 128),
        HopperTileShape.BackwardKeys(128, queryRows: 64),
        HopperTileShape.BackwardQueries(64, keyRows: 128, queryStages: 2),
        HopperTileShape.BackwardQueries(128, keyRows: 128, queryStages: 1),
    ];

    /// <summary>Every instance there is.</summary>
    public static IReadOnlyList<HopperTileShape> All => Shapes;

    /// <summary>The Hopper path's instance; null where there is none or the GPU is another.</summary>
    public static HopperTileShape? Of(AttentionPass pass, int headSize, GpuArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        foreach (HopperTileShape shape in Shapes)
        {
            if (shape.Pass == pass && shape.HeadSize == headSize && shape.BlocksPerMultiprocessor(architecture) > 0) return shape;
        }

        return null;
    }

    /// <summary>The instance of a path; without one, the Hopper path's where it has one.</summary>
    /// <exception cref="NotSupportedException">The path has none for this GPU and size.</exception>
    public static TileShape Choose(AttentionPass pass, int headSize, GpuArchitecture architecture, AttentionPath? path) => path switch
    {
        AttentionPath.Portable => TileChoice.Of(pass, headSize, architecture),
        AttentionPath.Hopper => Of(pass, headSize, architecture) ?? throw new NotSupportedException(
            $"The Hopper path of attention ({pass}) has no kernel for heads of {headSize} on compute capability {architecture.ComputeCapability}."),
        _ => Of(pass, headSize, architecture) ?? TileChoice.Of(pass, headSize, architecture),
    };

    /// <summary>
    /// How many key heads are worked on at one time: the largest divisor of their number for which what blocks read again and again of the longest
    /// document stays in the second-level cache. By queries that is keys and values; by keys, a key head's queries, ∂o and sums of ∂q.
    /// </summary>
    public static int SectionKeyHeads(AttentionPass pass, AttentionShape shape, int longestQueries, int longestKeys, long l2CacheBytes)
    {
        ArgumentNullException.ThrowIfNull(shape);
        long bytes = pass == AttentionPass.BackwardKeys ? 8L * longestQueries * shape.HeadSize * shape.HeadsPerKey : 4L * longestKeys * shape.HeadSize;
        long budget = l2CacheBytes * 3 / 5; // the rest is for what streams through
        for (int heads = shape.KeyHeads; heads > 1; heads--)
        {
            if (shape.KeyHeads % heads == 0 && heads * bytes <= budget) return heads;
        }

        return 1;
    }
}
