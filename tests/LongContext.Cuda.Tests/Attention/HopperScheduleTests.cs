using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>How well blocks that draw their work share it: a walk over the plan's items with a tile's time as the unit of time.</summary>
public sealed class HopperScheduleTests
{
    private const double Beginning = 0.7; // of a unit's own loads and stores, in tiles: what overlaps with the unit before is less

    /// <summary>The lengths of a pack of 32,768 tokens of real text.</summary>
    private static readonly int[] Pack =
        [5360, 1028, 188, 2234, 504, 380, 1925, 2847, 701, 931, 782, 1577, 619, 3606, 510, 1495, 804, 1873, 600, 344, 1869, 2591];

    [Theory]
    [InlineData(true, 1.01)]
    [InlineData(false, 1.01)]
    public void Draws_OfAPack_LeaveNoMultiprocessorIdle(bool forward, double bound) => AssertShared(Pack, heads: 32, keyHeads: 32, forward, bound);

    [Theory]
    [InlineData(true, 1.02)]
    [InlineData(false, 1.04)]
    public void Draws_OfOneLongDocument_LeaveNoMultiprocessorIdle(bool forward, double bound) => AssertShared([16_384], heads: 32, keyHeads: 32, forward, bound);

    [Fact]
    public void Draws_OfOneLongDocumentBesideShortOnes_LeaveNoMultiprocessorIdle() =>
        AssertShared([30_000, .. Enumerable.Repeat(100, 20)], heads: 32, keyHeads: 8, forward: true, 1.02);

    private static void AssertShared(int[] lengths, int heads, int keyHeads, bool forward, double bound)
    {
        var shape = new AttentionShape { Element = AttentionElement.BFloat16, HeadSize = 128, Heads = heads, KeyHeads = keyHeads, Scale = 1 };
        int[] borders = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++) borders[i + 1] = borders[i] + lengths[i];
        var plan = new AttentionPlan(shape, GpuArchitecture.H100, borders);
        AttentionPass pass = forward ? AttentionPass.Forward : AttentionPass.BackwardKeys;
        TileShape tiles = forward ? plan.ForwardTiles : plan.KeyTiles!;
        AttentionSection work = forward ? plan.ForwardWork : plan.KeyWork;
        int section = HopperTiles.SectionKeyHeads(pass, shape, plan.LongestQueries, plan.LongestKeys, plan.L2CacheBytes) * (forward ? shape.HeadsPerKey : 1);
        int units = work.Items * (forward ? heads : keyHeads);
        double[] costs = new double[units];
        for (int unit = 0; unit < units; unit++)
        {
            // As UnitAt in hopper_schedule.cuh: sections of heads, in them items, in them heads.
            int item = unit % (work.Items * section) / section;
            ReadOnlySpan<int> pair = plan.Data.Span.Slice(work.First + (AttentionSchedule.ItemLength * item), AttentionSchedule.ItemLength);
            var mask = new DocumentMask(lengths[pair[0]], lengths[pair[0]], shape.WindowLeft, shape.WindowRight);
            costs[unit] = Beginning + (forward
                ? mask.KeyTiles(pair[1] * tiles.QueryRows, tiles.QueryRows, tiles.KeyRows)
                : shape.HeadsPerKey * mask.QueryTiles(pair[1] * tiles.KeyRows, tiles.KeyRows, tiles.QueryRows));
        }

        var free = new PriorityQueue<int, double>();
        for (int block = 0; block < plan.Multiprocessors; block++) free.Enqueue(block, 0);
        double end = 0;
        foreach (double cost in costs)
        {
            free.TryDequeue(out int block, out double time);
            end = Math.Max(end, time + cost);
            free.Enqueue(block, time + cost);
        }

        double ideal = costs.Sum() / plan.Multiprocessors;
        Assert.True(end <= bound * ideal, $"{end:F1} tiles of time where {ideal:F1} would be ideal: {end / ideal:F3}");
    }
}
