using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>
/// Which instance of a tiled kernel runs: a pure function of the size of a head and of the GPU. Each has the same tiles for both element types.
/// </summary>
/// <remarks>
/// Registers decide most: a warp of the forward kernel with 32 queries reads each key and value once for two products, so that shared memory keeps
/// up with mma.sync, and its sums and scores just fit 255 registers up to heads of 128. None of these shapes has been timed on a GPU yet.
/// </remarks>
internal static class TileChoice
{
    private static readonly TileShape[] Shapes =
    [
        // Of a pass and size of head, in order of preference: the first that leaves the most warps resident is taken.
        new(AttentionPass.Forward, 64, queryRows: 128, keyRows: 128, warps: 4),
        new(AttentionPass.Forward, 80, queryRows: 128, keyRows: 64, warps: 4),
        new(AttentionPass.Forward, 96, queryRows: 128, keyRows: 64, warps: 4),
        new(AttentionPass.Forward, 128, queryRows: 128, keyRows: 64, warps: 4),
        new(AttentionPass.Forward, 128, queryRows: 64, keyRows: 64, warps: 4), // 100 KB of shared memory hold two of these
        new(AttentionPass.Forward, 256, queryRows: 128, keyRows: 64, warps: 8),
        new(AttentionPass.Forward, 256, queryRows: 64, keyRows: 64, warps: 4),

        new(AttentionPass.BackwardKeys, 64, queryRows: 32, keyRows: 128, warps: 4, stages: 2),
        new(AttentionPass.BackwardKeys, 80, queryRows: 64, keyRows: 128, warps: 8, stages: 2),
        new(AttentionPass.BackwardKeys, 96, queryRows: 64, keyRows: 128, warps: 8),
        new(AttentionPass.BackwardKeys, 128, queryRows: 64, keyRows: 128, warps: 8, split: 2, stages: 2),
        new(AttentionPass.BackwardKeys, 128, queryRows: 64, keyRows: 64, warps: 8, split: 2),
        new(AttentionPass.BackwardKeys, 256, queryRows: 64, keyRows: 64, warps: 8, split: 2),
        new(AttentionPass.BackwardKeys, 256, queryRows: 32, keyRows: 32, warps: 4, split: 2),

        new(AttentionPass.BackwardQueries, 64, queryRows: 64, keyRows: 64, warps: 4),
        new(AttentionPass.BackwardQueries, 80, queryRows: 64, keyRows: 64, warps: 4),
        new(AttentionPass.BackwardQueries, 96, queryRows: 64, keyRows: 64, warps: 4),
        new(AttentionPass.BackwardQueries, 128, queryRows: 64, keyRows: 32, warps: 4),
        new(AttentionPass.BackwardQueries, 256, queryRows: 64, keyRows: 16, warps: 4),
    ];

    /// <summary>Sizes of heads that there are kernels for.</summary>
    public static IReadOnlyList<int> HeadSizes { get; } = [64, 80, 96, 128, 256];

    /// <summary>Every instance there is.</summary>
    public static IReadOnlyList<TileShape> All => Shapes;

    /// <summary>The instance of a kernel for a GPU.</summary>
    /// <exception cref="NotSupportedException">No instance fits the GPU, or none is made for the size.</exception>
    public static TileShape Of(AttentionPass pass, int headSize, GpuArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (architecture.ComputeCapability.Major < 8)
            throw new NotSupportedException($"Tiled attention needs compute capability 8.0; this GPU has {architecture.ComputeCapability}.");
        TileShape? best = null;
        int mostWarps = 0;
        foreach (TileShape shape in Shapes)
        {
            if (shape.Pass != pass || shape.HeadSize != headSize) continue;
            int warps = shape.BlocksPerMultiprocessor(architecture) * shape.Warps;
            if (warps <= mostWarps) continue;
            (best, mostWarps) = (shape, warps);
        }

        return best ?? throw new NotSupportedException(
            $"Tiled attention ({pass}) has no tiles for heads of {headSize} that fit {architecture.SharedBytesPerBlock >> 10} KB of shared memory.");
    }
}
