using LongContext.Cuda.Attention;

namespace LongContext.Cuda.Tests.Attention;

/// <summary>Ranges and tile tests against looking at every pair of a query and a key.</summary>
public sealed class DocumentMaskTests
{
    public static TheoryData<int, int, int, int> Masks => new()
    {
        { 7, 7, AttentionParameters.NoWindow, 0 },
        { 40, 40, AttentionParameters.NoWindow, 0 },
        { 40, 40, 0, 0 },
        { 40, 40, 5, 0 },
        { 40, 40, 5, 9 },
        { 40, 40, AttentionParameters.NoWindow, AttentionParameters.NoWindow },
        { 3, 40, AttentionParameters.NoWindow, 0 },
        { 3, 40, 4, 0 },
        { 40, 3, AttentionParameters.NoWindow, 0 },
        { 40, 3, 4, 2 },
        { 9, 0, AttentionParameters.NoWindow, 0 },
        { 0, 9, AttentionParameters.NoWindow, 0 },
        { 1, 1, 0, 0 },
    };

    [Theory]
    [MemberData(nameof(Masks))]
    public void RangesAndBorders_AgainstEveryPair_HoldWhatIsSeenAndNoMore(int queries, int keys, int left, int right)
    {
        var mask = new DocumentMask(queries, keys, left, right);
        const int queryRows = 8, keyRows = 4;
        for (int query = 0; query < queries; query += queryRows)
        {
            int queryEnd = Math.Min(query + queryRows, queries);
            (int first, int end) = mask.KeysSeen(query, queryEnd);
            int[] seen = [.. Enumerable.Range(0, keys).Where(key => Enumerable.Range(query, queryEnd - query).Any(i => mask.IsSeen(i, key)))];
            Assert.Equal(seen, Enumerable.Range(first, Math.Max(0, end - first)));
            Assert.Equal(seen.Select(key => key / keyRows).Distinct().Count(), mask.KeyTiles(query, queryRows, keyRows));
            for (int key = 0; key < keys; key += keyRows)
            {
                bool all = Enumerable.Range(query, queryEnd - query).All(i => Enumerable.Range(key, keyRows).All(j => mask.IsSeen(i, j)));
                // With queries past the end a tile may pass for a border that is none, never the other way round.
                Assert.True(mask.IsBorder(query, queryRows, key, keyRows) || all);
                if (queryEnd == query + queryRows) Assert.Equal(!all, mask.IsBorder(query, queryRows, key, keyRows));
            }
        }

        for (int key = 0; key < keys; key += keyRows)
        {
            int keyEnd = Math.Min(key + keyRows, keys);
            (int first, int end) = mask.QueriesSeeing(key, keyEnd);
            int[] seeing = [.. Enumerable.Range(0, queries).Where(query => Enumerable.Range(key, keyEnd - key).Any(j => mask.IsSeen(query, j)))];
            Assert.Equal(seeing, Enumerable.Range(first, Math.Max(0, end - first)));
            Assert.Equal(seeing.Select(query => query / queryRows).Distinct().Count(), mask.QueryTiles(key, keyRows, queryRows));
        }
    }

    [Fact]
    public void IsSeen_ByItsWords_IsTheWindowAroundThePosition()
    {
        var mask = new DocumentMask(2, 5, 1, 0); // queries are tokens 3 and 4
        Assert.Equal([2, 3], Enumerable.Range(0, 5).Where(key => mask.IsSeen(0, key)));
        Assert.Equal([3, 4], Enumerable.Range(0, 5).Where(key => mask.IsSeen(1, key)));
    }

    [Fact]
    public void Ranges_AtTheLongestPacks_DoNotOverflow()
    {
        const int longest = AttentionPlan.MaxTokens;
        var mask = new DocumentMask(longest, longest, AttentionParameters.NoWindow, AttentionParameters.NoWindow);
        Assert.Equal((0, longest), mask.KeysSeen(longest - 1, longest));
        Assert.Equal((0, longest), mask.QueriesSeeing(0, 1));
        Assert.False(mask.IsBorder(longest - 64, 64, longest - 64, 64));
        var late = new DocumentMask(1, longest, 0, AttentionParameters.NoWindow);
        Assert.Equal((longest - 1, longest), late.KeysSeen(0, 1));
        var early = new DocumentMask(longest, 1, 0, 0);
        Assert.Equal((longest - 1, longest), early.QueriesSeeing(0, 1));
    }
}
