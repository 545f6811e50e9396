using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Attention;

/// <summary>Launches the kernels of the Hopper path. Stateless; allocates nothing once the kernel is loaded.</summary>
/// <remarks>Called by <see cref="AttentionForward"/> and <see cref="AttentionBackward"/>, which check and fill in everything but the tensor maps.</remarks>
internal static class HopperAttention
{
    private const int RowsOfConsumer = 64;

    /// <summary>The forward kernel.</summary>
    public static void Forward(CudaContext context, AttentionPlan plan, nint data, HopperTileShape tiles, in AttentionParameters p, nint stream)
    {
        if (p.Items == 0) return;
        AttentionShape shape = plan.Shape;
        int sectionHeads = HopperTiles.SectionKeyHeads(AttentionPass.Forward, shape, plan.LongestQueries, plan.LongestKeys, plan.L2CacheBytes) * shape.HeadsPerKey;
        var all = new HopperForwardParameters { Attention = p, Schedule = Schedule(plan, data, counter: 0, p.Items * p.Heads, sectionHeads) };
        all.Q = HopperTensorMap.Encode(context, "q", p.Q, p.Tokens, p.Heads, shape.HeadSize, p.QStride, shape.Element, tiles.Chunk, RowsOfConsumer);
        // Without a key no tile of keys is ever loaded, but a map has to be one.
        all.K = p.Keys == 0 ? all.Q : HopperTensorMap.Encode(context, "k", p.K, p.Keys, p.KeyHeads, shape.HeadSize, p.KStride, shape.Element, tiles.Chunk, tiles.KeyRows);
        all.V = p.Keys == 0 ? all.Q : HopperTensorMap.Encode(context, "v", p.V, p.Keys, p.KeyHeads, shape.HeadSize, p.VStride, shape.Element, tiles.Chunk, tiles.KeyRows);
        Launch(context, plan, tiles, all.Schedule.Units, stream, all);
    }

    /// <summary>The backward kernel by keys.</summary>
    public static void BackwardKeys(CudaContext context, AttentionPlan plan, nint data, HopperTileShape tiles, in AttentionParameters p, nint stream)
    {
        if (p.Items == 0) return;
        int sectionHeads = HopperTiles.SectionKeyHeads(tiles.Pass, plan.Shape, plan.LongestQueries, plan.LongestKeys, plan.L2CacheBytes);
        Backward(context, plan, tiles, tiles.QueryRows, p, Schedule(plan, data, counter: 1, p.Items * p.KeyHeads, sectionHeads), stream);
    }

    /// <summary>The backward kernel by queries.</summary>
    public static void BackwardQueries(CudaContext context, AttentionPlan plan, nint data, HopperTileShape tiles, in AttentionParameters p, nint stream)
    {
        if (p.Items == 0) return;
        AttentionShape shape = plan.Shape;
        int sectionHeads = HopperTiles.SectionKeyHeads(tiles.Pass, shape, plan.LongestQueries, plan.LongestKeys, plan.L2CacheBytes) * shape.HeadsPerKey;
        Backward(context, plan, tiles, RowsOfConsumer, p, Schedule(plan, data, counter: 2, p.Items * p.Heads, sectionHeads), stream);
    }

    private static void Backward(
        CudaContext context, AttentionPlan plan, HopperTileShape tiles, int queryRows, in AttentionParameters p, HopperSchedule schedule, nint stream)
    {
        AttentionShape shape = plan.Shape;
        var all = new HopperBackwardParameters { Attention = p, Schedule = schedule };
        // Without a query, or without a key, no tile of them is ever loaded, but a map has to be one.
        if (p.Tokens > 0)
        {
            all.Q = HopperTensorMap.Encode(context, "q", p.Q, p.Tokens, p.Heads, shape.HeadSize, p.QStride, shape.Element, tiles.Chunk, queryRows);
            all.GradientO = HopperTensorMap.Encode(context, "∂o", p.GradientO, p.Tokens, p.Heads, shape.HeadSize, p.GradientOStride, shape.Element, tiles.Chunk, queryRows);
        }

        if (p.Keys > 0)
        {
            all.K = HopperTensorMap.Encode(context, "k", p.K, p.Keys, p.KeyHeads, shape.HeadSize, p.KStride, shape.Element, tiles.Chunk, tiles.KeyRows);
            all.V = HopperTensorMap.Encode(context, "v", p.V, p.Keys, p.KeyHeads, shape.HeadSize, p.VStride, shape.Element, tiles.Chunk, tiles.KeyRows);
        }

        if (p.Keys == 0) all.K = all.V = all.Q;
        if (p.Tokens == 0) all.Q = all.GradientO = all.K;
        Launch(context, plan, tiles, schedule.Units, stream, all);
    }

    private static HopperSchedule Schedule(AttentionPlan plan, nint data, int counter, int units, int sectionHeads) =>
        new() { Counter = plan.Counters.In(data) + (counter * sizeof(int)), SectionHeads = sectionHeads, Units = units };

    private static void Launch<T>(CudaContext context, AttentionPlan plan, HopperTileShape tiles, int units, nint stream, in T parameters)
        where T : unmanaged
    {
        // Blocks stay, one a multiprocessor, and draw their work.
        var shape = new LaunchShape(Math.Min(units, plan.Multiprocessors), 1, 1, tiles.Threads, tiles.SharedBytes);
        context.GetKernel(tiles.Module(plan.Shape.Element), tiles.Entry).Launch(shape, stream, parameters);
    }
}
