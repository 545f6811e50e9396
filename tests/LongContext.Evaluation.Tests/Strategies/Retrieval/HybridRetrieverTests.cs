namespace LongContext.Evaluation.Strategies.Retrieval;

public class HybridRetrieverTests
{
    [Fact]
    public async Task RankAsync_TwoRankings_AddReciprocalRanks()
    {
        HybridRetriever hybrid = new([new FixedRetriever("a", 0, 1, 2), new FixedRetriever("b", 2, 3)]);
        ChunkRanking ranking = await hybrid.RankAsync(Bm25RetrieverTests.Query("q", 4, "w", "x", "y", "z"), TestContext.Current.CancellationToken);
        // 0: 1/61; 1: 1/62; 2: 1/63 + 1/61; 3: 1/62. Passages 1 and 3 are equal: in the order of the text.
        Assert.Equal([2, 0, 1, 3], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal([(1.0 / 63) + (1.0 / 61), 1.0 / 61, 1.0 / 62, 1.0 / 62], ranking.Chunks.Select(chunk => chunk.Score));
        Assert.Equal(1, ranking.Details["a"]);
        Assert.Equal("a + b", hybrid.Name);
    }

    [Fact]
    public async Task RankAsync_WeightsAndConstant_Count()
    {
        HybridRetriever hybrid = new([new FixedRetriever("a", 0, 1), new FixedRetriever("b", 1, 0)], new() { RankConstant = 0, Weights = [1, 3] });
        ChunkRanking ranking = await hybrid.RankAsync(Bm25RetrieverTests.Query("q", 1, "w", "x"), TestContext.Current.CancellationToken);
        Assert.Equal([new RankedChunk(1, 0.5 + 3)], ranking.Chunks);
    }

    [Fact]
    public async Task RankAsync_FewWanted_AsksRetrieversDeeper()
    {
        FixedRetriever first = new("a", 0, 1, 2), second = new("b", 3, 2, 1);
        ChunkRanking ranking = await new HybridRetriever([first, second], new() { Depth = 3 })
            .RankAsync(Bm25RetrieverTests.Query("q", 1, "w", "x", "y", "z"), TestContext.Current.CancellationToken);
        Assert.Equal(3, first.LastCount);
        Assert.Equal(1, ranking.Chunks[0].Index); // ranks 2 and 3; at a depth of 1 nobody would have named it
    }

    [Fact]
    public async Task RankAsync_WordsThatOccurNowhere_LeaveTheOtherRankingAsItIs()
    {
        // BM25 finds nothing and fills up in the text's order, which must not lift passages 0 and 1.
        HybridRetriever hybrid = new([new Bm25Retriever(), new FixedRetriever("b", 3, 2)]);
        ChunkRanking ranking = await hybrid.RankAsync(Bm25RetrieverTests.Query("elsewhere", 4, "w", "x", "y", "z"), TestContext.Current.CancellationToken);
        Assert.Equal([3, 2, 0, 1], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal([1.0 / 61, 1.0 / 62, 0, 0], ranking.Chunks.Select(chunk => chunk.Score));
    }

    [Fact]
    public void Constructor_BadInput_Throws()
    {
        FixedRetriever one = new("a", 0);
        Assert.Throws<ArgumentException>(() => new HybridRetriever([one]));
        Assert.Throws<ArgumentException>(() => new HybridRetriever([one, null!]));
        string message = Assert.Throws<ArgumentException>(() => new HybridRetriever([one, one], new() { RankConstant = -1, Depth = 0, Weights = [1] })).Message;
        Assert.Contains("RankConstant is -1", message);
        Assert.Contains("Depth is 0", message);
        Assert.Contains("1 values for 2", message);
        Assert.NotEqual(new HybridRetriever([one, one]).Identity, new HybridRetriever([one, one], new() { Weights = [1, 2] }).Identity);
    }
}
