using LongContext.Positions;

namespace LongContext.Core.Tests.Positions;

public sealed class PositionRemappingTests
{
    public static TheoryData<PositionRemapping> Cases() =>
    [
        new SelfExtend(1, 1), new SelfExtend(4, 8), new SelfExtend(3, 7), new SelfExtend(8, 3), new SelfExtend(5, 64),
        new DualChunkAttention(10, 4), new DualChunkAttention(2, 1), new DualChunkAttention(9, 1), new DualChunkAttention(7, 3), new DualChunkAttention(64, 16),
    ];

    [Theory]
    [InlineData(3, 0, 3)] // 3 < W
    [InlineData(7, 0, 7)]
    [InlineData(8, 0, 8)] // ⌊8/4⌋ − 0 + 8 − 2
    [InlineData(8, 1, 7)] // near
    [InlineData(31, 2, 13)] // 7 − 0 + 8 − 2
    [InlineData(31, 4, 12)]
    [InlineData(31, 24, 7)]
    public void SelfExtend_GroupOf4WindowOf8_FollowsThePaper(int query, int key, int expected) =>
        Assert.Equal(expected, new SelfExtend(4, 8).RelativePosition(query, key));

    /// <summary>The paper's example: pretrained for 10, chunks of 6, a document of 12 (An et al. 2024, figure 2).</summary>
    [Fact]
    public void DualChunk_PapersExample_GivesItsMatrix()
    {
        var remapping = new DualChunkAttention(chunkSize: 10, localSize: 4);
        int[] inSecondChunk = [6, 7, 8, 9, 9, 9]; // the queries' positions for the first chunk's keys
        for (int query = 0; query < 12; query++)
        {
            for (int key = 0; key <= query; key++)
            {
                int expected = query / 6 == key / 6 ? query - key : inSecondChunk[query - 6] - key;
                Assert.Equal(expected, remapping.RelativePosition(query, key));
            }
        }

        // Keys two chunks back and more are all at the far end.
        for (int key = 0; key < 6; key++) Assert.Equal(9 - key, remapping.RelativePosition(17, key));
    }

    [Theory, MemberData(nameof(Cases))]
    public void VisibleKeys_OfAllViews_HoldEachKeyOnceAndInOrder(PositionRemapping remapping)
    {
        for (int query = 0; query < 200; query++)
        {
            var seen = new int[query + 1];
            for (int view = 0; view < remapping.ViewCount; view++)
            {
                (int start, int end) = remapping.VisibleKeys(view, query);
                for (int key = start; key < end; key++) seen[key]++;
                (int nextStart, int nextEnd) = remapping.VisibleKeys(view, query + 1);
                Assert.True(nextStart >= start && nextEnd >= end);
            }

            Assert.All(seen, count => Assert.Equal(1, count));
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public void RelativePosition_Always_IsFromZeroToTheDistance(PositionRemapping remapping)
    {
        // Self-Extend's groups begin at multiples of G, so that by its own equation the first keys beyond the window may seem one farther.
        int rounding = remapping is SelfExtend { GroupSize: > 1 } ? 1 : 0;
        for (int query = 0; query < 200; query++)
        {
            Assert.Equal(0, remapping.RelativePosition(query, query));
            for (int key = 0; key <= query; key++)
            {
                bool near = remapping is not SelfExtend extend || query - key < extend.NeighborWindow;
                Assert.InRange(remapping.RelativePosition(query, key), 0, query - key + (near ? 0 : rounding));
            }
        }
    }

    [Theory]
    [InlineData(4, 8, 32)]
    [InlineData(3, 7, 20)]
    [InlineData(8, 3, 16)]
    [InlineData(2, 16, 16)]
    public void SelfExtend_MaximumLength_IsTheLastThatStaysWithinTheWindow(int group, int neighbors, int window)
    {
        var remapping = new SelfExtend(group, neighbors);
        int longest = remapping.MaximumLength(window);
        Assert.True(Largest(longest) < window);
        Assert.True(Largest(longest + 1) >= window);

        int Largest(int length) => Enumerable.Range(0, length).Max(query => remapping.RelativePosition(query, 0));
    }

    [Fact]
    public void DualChunk_AnyLength_StaysWithinTheChunkSize()
    {
        var remapping = new DualChunkAttention(16, 4);
        Assert.Equal(int.MaxValue, remapping.MaximumLength(16));
        for (int query = 0; query < 1_000; query++) Assert.InRange(remapping.RelativePosition(query, 0), 0, 15);
    }

    [Fact]
    public void Constructors_OutOfRange_SayWhichNumber()
    {
        Assert.Throws<ArgumentOutOfRangeException>("groupSize", () => new SelfExtend(0, 1));
        Assert.Throws<ArgumentOutOfRangeException>("neighborWindow", () => new SelfExtend(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("chunkSize", () => new DualChunkAttention(1, 1));
        Assert.Throws<ArgumentOutOfRangeException>("localSize", () => new DualChunkAttention(4, 0));
        Assert.Throws<ArgumentOutOfRangeException>("localSize", () => new DualChunkAttention(7, 4));
        Assert.Throws<ArgumentOutOfRangeException>("trainedWindow", () => new SelfExtend(2, 9).MaximumLength(8));
        Assert.Throws<ArgumentOutOfRangeException>("trainedWindow", () => new DualChunkAttention(9, 1).MaximumLength(8));
        Assert.Throws<ArgumentOutOfRangeException>("key", () => new SelfExtend(2, 4).RelativePosition(3, 4));
        Assert.Throws<ArgumentOutOfRangeException>("key", () => new SelfExtend(2, 4).RelativePosition(3, -1));
    }
}
