using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Attention;

/// <summary>What of the attention kernels a driver takes.</summary>
/// <param name="Path">The path to plan for; null for the best of each pass.</param>
/// <param name="WhyNot">What the driver said where it takes no path's kernels; null where it takes one's.</param>
/// <param name="Refused">What it said of the best kernels where it takes the portable ones alone; null where it takes the best.</param>
internal sealed record LoadedKernels(AttentionPath? Path, string? WhyNot, string? Refused = null)
{
    /// <summary>Loads the kernels of a type and head size: the best, or where the driver refuses one of these, the portable ones.</summary>
    public static LoadedKernels Load(CudaContext context, AttentionElement element, int headSize, bool deterministic)
    {
        if (WhyNotLoadable(null) is not { } refused) return new LoadedKernels(null, null);
        string? reason = WhyNotLoadable(AttentionPath.Portable);
        return new LoadedKernels(AttentionPath.Portable, reason, reason is null ? refused : null);

        string? WhyNotLoadable(AttentionPath? path)
        {
            var shape = new AttentionShape { Element = element, HeadSize = headSize, Heads = 1, KeyHeads = 1, Scale = 1, Deterministic = deterministic };
            var plan = new AttentionPlan(shape, context.Architecture, [0, 1], path: path);
            string[] modules =
            [
                .. new[] { plan.ForwardTiles, plan.KeyTiles, plan.QueryTiles }.OfType<TileShape>().Select(tiles => tiles.Module(element)),
                AttentionBackward.EndsModule(element),
            ];
            return context.WhyNotLoadable(modules);
        }
    }
}
