using LongContext.Data;

namespace LongContext.Evaluation.Strategies.Retrieval;

public class EmbeddingRetrieverTests
{
    [Fact]
    public async Task RankAsync_Passages_AreRankedByCosine()
    {
        EmbeddingRetriever retriever = new(FakeEmbeddings.Letters());
        ChunkRanking ranking = await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 5, "aaab", "  ", "ab ab ab", "zz", "abcd"), TestContext.Current.CancellationToken);
        // cos: 4/(√2·√10), blank, 1, 0 (nothing to compare), 2/(√2·2)
        Assert.Equal([2, 0, 4, 3, 1], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(1, ranking.Chunks[0].Score, 6);
        Assert.Equal(4 / Math.Sqrt(20), ranking.Chunks[1].Score, 6);
        Assert.Equal(1 / Math.Sqrt(2), ranking.Chunks[2].Score, 6);
        Assert.Equal(double.NegativeInfinity, ranking.Chunks[4].Score);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(8)]
    [InlineData(17)]
    [InlineData(64)]
    [InlineData(384)]
    public void Cosines_AnyDimension_AreThoseOfPlainSums(int dimensions)
    {
        SplitMix64 random = new(dimensions, 1);
        float[][] vectors = [.. Enumerable.Range(0, 200).Select(_ => Vector())];
        float[] query = Vector();
        double[] scores = VectorSearch.Cosines(query, vectors);
        double[] expected = [.. vectors.Select(vector => vector.Zip(query, (a, b) => (double)a * b).Sum())];
        for (int i = 0; i < scores.Length; i++) Assert.Equal(expected[i], scores[i], 1e-5 * dimensions);
        foreach (int count in new[] { 1, 5, 199, 200, 500 })
        {
            Assert.Equal(
                Enumerable.Range(0, 200).OrderByDescending(i => scores[i]).ThenBy(i => i).Take(count),
                TopRanks.Of(scores, count).Select(chunk => chunk.Index));
        }

        float[] Vector()
        {
            float[] values = new float[dimensions];
            for (int i = 0; i < dimensions; i++) values[i] = (float)random.NextDouble() - 0.5f;
            return values;
        }
    }

    [Fact]
    public void TopRanks_EqualScoresAndNaN_KeepTheTextsOrder()
    {
        double[] scores = [1, 2, double.NaN, 2, 1, 3, 2];
        Assert.Equal([5, 1, 3, 6, 0, 4, 2], TopRanks.Of(scores, 7).Select(chunk => chunk.Index));
        Assert.Equal([5, 1, 3], TopRanks.Of(scores, 3).Select(chunk => chunk.Index));
        Assert.Empty(TopRanks.Of(scores, 0));
    }

    [Fact]
    public async Task RankAsync_ManyQuestionsAtOnce_EmbedEachTextOnce()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        TaskCompletionSource gate = new();
        generator.Before = () => gate.Task;
        EmbeddingRetriever retriever = new(generator, new() { BatchSize = 3, QueryPrefix = "q: ", PassagePrefix = "p: " });
        Task<ChunkRanking>[] running = [.. Enumerable.Range(0, 6).Select(i => retriever
            .RankAsync(Bm25RetrieverTests.Query(i % 2 == 0 ? "a" : "b", 1 + i, "a", "b", "c", "d", "a", "e", "f"), TestContext.Current.CancellationToken).AsTask())];
        gate.SetResult();
        ChunkRanking[] rankings = await Task.WhenAll(running);
        Assert.Equal(8, generator.Asked.Count); // six different passages and two questions
        Assert.All(generator.Asked, entry => Assert.Equal(1, entry.Value));
        Assert.Contains("p: a", generator.Asked.Keys);
        Assert.Contains("q: a", generator.Asked.Keys);
        Assert.All(generator.Batches, size => Assert.InRange(size, 1, 3));
        Assert.Equal([0, 4], rankings[2].Chunks.Take(2).Select(chunk => chunk.Index));
    }

    [Fact]
    public async Task RankAsync_OneCallerIsCancelled_OthersGoOn()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        TaskCompletionSource gate = new();
        generator.Before = () => gate.Task;
        EmbeddingRetriever retriever = new(generator);
        using CancellationTokenSource source = new();
        ChunkQuery query = Bm25RetrieverTests.Query("a", 1, "b", "a");
        Task<ChunkRanking> cancelled = retriever.RankAsync(query, source.Token).AsTask();
        Task<ChunkRanking> other = retriever.RankAsync(query, TestContext.Current.CancellationToken).AsTask();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        gate.SetResult();
        Assert.Equal(1, (await other).Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_GeneratorFails_IsAskedAgainNextTime()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        generator.Before = () => throw new HttpRequestException("gone");
        EmbeddingRetriever retriever = new(generator);
        ChunkQuery query = Bm25RetrieverTests.Query("a", 1, "b", "a");
        await Assert.ThrowsAsync<HttpRequestException>(async () => await retriever.RankAsync(query, TestContext.Current.CancellationToken));
        generator.Before = null;
        Assert.Equal(1, (await retriever.RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task RankAsync_SmallCache_EmbedsAgainAndFindsTheSame(int capacity)
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        EmbeddingRetriever retriever = new(generator, new() { CacheCapacity = capacity });
        ChunkQuery query = Bm25RetrieverTests.Query("c", 1, "a", "b", "c", "d");
        for (int i = 0; i < 2; i++) Assert.Equal(2, (await retriever.RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
        Assert.Equal(2, generator.Asked["a"]);
    }

    [Fact]
    public async Task RankAsync_BadEmbeddings_Throw()
    {
        ChunkQuery query = Bm25RetrieverTests.Query("a", 1, "aa", "b");
        await FailsAsync(text => new float[text.Length], "dimensions after those of");
        await FailsAsync(_ => [], "0 dimensions");
        await FailsAsync(_ => [1, float.NaN], "not a number");

        async Task FailsAsync(Func<string, float[]> embed, string expected) => Assert.Contains(
            expected,
            (await Assert.ThrowsAsync<InvalidOperationException>(async () =>
                await new EmbeddingRetriever(new FakeEmbeddings(embed)).RankAsync(query, TestContext.Current.CancellationToken))).Message);
    }

    [Fact]
    public void Constructor_Identity_NamesTheModel()
    {
        Assert.Contains("\"fake\"", new EmbeddingRetriever(FakeEmbeddings.Letters()).Identity);
        Assert.Contains("\"e5\"", new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { Model = "e5" }).Identity);
        Assert.Contains("Model", Assert.Throws<ArgumentException>(() => new EmbeddingRetriever(new FakeEmbeddings(_ => [1], model: null))).Message);
        string message = Assert.Throws<ArgumentException>(() => new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { BatchSize = 0, CacheCapacity = -1, Name = " " })).Message;
        Assert.Contains("BatchSize is 0", message);
        Assert.Contains("CacheCapacity is -1", message);
        Assert.Contains("Name is empty", message);
    }
}
