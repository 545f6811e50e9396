using LongContext.Cuda.Attention;
using LongContext.Cuda.Driver;

namespace LongContext.Cuda.Tests.Attention;

public sealed class AttentionScheduleTests
{
    private static readonly int[] Borders = [0, 65, 66, 66, 196, 203];

    [Fact]
    public void WriteByQueries_Documents_GiveEveryTileOnceTheLongestFirst()
    {
        int[] items = new int[AttentionSchedule.Count(Borders, 64) * 2];
        AttentionSchedule.WriteByQueries(items, Borders, Borders, AttentionParameters.NoWindow, 0, 64, 64);
        // 130 tokens: tiles that see 3, 2, 1 tiles of keys; 65: 2, 1; the empty document has none.
        Assert.Equal([3, 2, 0, 1, 3, 1, 0, 0, 1, 0, 3, 0, 4, 0], items);
    }

    [Fact]
    public void WriteByKeys_Causal_PutsTheFirstKeysFirst()
    {
        int[] items = new int[AttentionSchedule.Count(Borders, 64) * 2];
        AttentionSchedule.WriteByKeys(items, Borders, Borders, AttentionParameters.NoWindow, 0, 64, 64);
        Assert.Equal([3, 0, 0, 0, 3, 1, 0, 1, 1, 0, 3, 2, 4, 0], items);
    }

    [Fact]
    public void Write_AnyMask_OrdersByWhatTheBlocksWalk()
    {
        foreach (AttentionCase pack in AttentionCases.Small.Concat(AttentionCases.Long))
        {
            int[] items = new int[AttentionSchedule.Count(pack.QueryBorders, 64) * 2];
            AttentionSchedule.WriteByQueries(items, pack.QueryBorders, pack.KeyBorders, pack.WindowLeft, pack.WindowRight, 64, 32);
            Check(items, pack.QueryBorders, 64, (d, tile) => pack.Mask(d).KeyTiles(tile * 64, 64, 32));

            items = new int[AttentionSchedule.Count(pack.KeyBorders, 128) * 2];
            AttentionSchedule.WriteByKeys(items, pack.QueryBorders, pack.KeyBorders, pack.WindowLeft, pack.WindowRight, 64, 128);
            Check(items, pack.KeyBorders, 128, (d, tile) => pack.Mask(d).QueryTiles(tile * 128, 128, 64));
        }

        static void Check(int[] items, int[] borders, int rows, Func<int, int, int> cost)
        {
            (int Document, int Tile)[] pairs = [.. items.Chunk(2).Select(pair => (pair[0], pair[1]))];
            Assert.Equal(
                Enumerable.Range(0, borders.Length - 1).SelectMany(d => Enumerable.Range(0, (borders[d + 1] - borders[d] + rows - 1) / rows).Select(tile => (d, tile))),
                pairs.Order());
            Assert.Equal(pairs.OrderByDescending(pair => cost(pair.Document, pair.Tile)).ThenBy(pair => pair), pairs);
        }
    }

    [Fact]
    public void Plan_OfAPack_HoldsBordersAndWorkApart()
    {
        var plan = new AttentionPlan(AttentionCases.Small[0].Shape, GpuArchitecture.A100, Borders);
        ReadOnlySpan<int> data = plan.Data.Span;
        Assert.Equal(Borders, data.Slice(plan.QueryBorders.First, plan.QueryBorders.Length).ToArray());
        Assert.Equal(Borders, data.Slice(plan.KeyBorders.First, plan.KeyBorders.Length).ToArray());
        AttentionSection[] sections = [plan.QueryBorders, plan.KeyBorders, plan.ForwardWork, plan.KeyWork, plan.QueryWork];
        for (int i = 1; i < sections.Length; i++) Assert.True(sections[i].First >= sections[i - 1].First + sections[i - 1].Length && sections[i].First % 4 == 0);
        Assert.Equal(AttentionSchedule.Count(Borders, plan.ForwardTiles.QueryRows), plan.ForwardWork.Items);
        Assert.Equal(AttentionSchedule.Count(Borders, plan.KeyTiles!.KeyRows), plan.KeyWork.Items);
        Assert.Equal(AttentionSchedule.Count(Borders, plan.KeyTiles.QueryRows), plan.QueryWork.Items);

        var forward = new AttentionPlan(AttentionCases.Small[0].Shape, GpuArchitecture.A100, Borders, withBackward: false);
        Assert.Null(forward.KeyTiles);
        Assert.Equal(0, AttentionBackward.WorkspaceBytes(forward) - (2 * 1024));
    }

    [Fact]
    public void SumTiles_AnyDocuments_DoNotMeet()
    {
        var random = new Random(3);
        for (int round = 0; round < 200; round++)
        {
            int[] borders = new int[random.Next(2, 12)];
            for (int i = 1; i < borders.Length; i++) borders[i] = borders[i - 1] + (random.Next(3) == 0 ? 0 : random.Next(1, 200));
            var plan = new AttentionPlan(AttentionCases.Small[0].Shape, GpuArchitecture.H100, borders);
            int rows = plan.KeyTiles!.QueryRows, end = 0;
            for (int d = 0; d + 1 < borders.Length; d++)
            {
                int first = (borders[d] / rows) + d, tiles = (borders[d + 1] - borders[d] + rows - 1) / rows; // as backward_keys.cu has it
                if (tiles == 0) continue;
                Assert.True(first >= end);
                end = first + tiles;
            }

            Assert.True(end <= plan.SumTiles);
        }
    }

    [Theory]
    [InlineData(new[] { 1, 5 }, new[] { 0, 5 }, "queryBorders must begin with 0")]
    [InlineData(new[] { 0, 5, 4 }, new[] { 0, 5, 5 }, "queryBorders[2] is 4, below 5")]
    [InlineData(new[] { 0, 5 }, new[] { 0, -1 }, "keyBorders[1] is -1")]
    [InlineData(new[] { 0, 5 }, new[] { 0, 5, 6 }, "keyBorders 3")]
    [InlineData(new[] { 0, int.MaxValue }, new[] { 0, 1 }, "queryBorders ends at 2147483647")]
    public void Plan_OfBadBorders_NamesThem(int[] queryBorders, int[] keyBorders, string message)
    {
        ArgumentException e = Assert.Throws<ArgumentException>(() => new AttentionPlan(AttentionCases.Small[0].Shape, GpuArchitecture.A100, queryBorders, keyBorders));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plan_OfABadShape_NamesAllFaults()
    {
        var shape = new AttentionShape { Element = AttentionElement.Float16, HeadSize = 72, Heads = 4, KeyHeads = 3, WindowLeft = -1, WindowRight = -2, Scale = float.NaN, Cap = -1 };
        ArgumentException e = Assert.Throws<ArgumentException>(() => new AttentionPlan(shape, GpuArchitecture.A100, [0, 1]));
        foreach (string name in new[] { "HeadSize is 72", "Heads is 4 and KeyHeads is 3", "WindowLeft is -1", "WindowRight is -2", "Scale is NaN", "Cap is -1" })
            Assert.Contains(name, e.Message, StringComparison.Ordinal);
    }
}
