using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Support;
using Microsoft.Extensions.VectorData;

namespace LongContext.Evaluation.Strategies.Retrieval;

[Collection(RunsAlone.Name)]
public class VectorStoreRetrieverTests
{
    private static readonly string[] Passages = ["aaab", "  ", "abab", "hh", "abcd"];

    [Theory]
    [InlineData(typeof(Guid))]
    [InlineData(typeof(string))]
    [InlineData(typeof(int))]
    [InlineData(typeof(long))]
    [InlineData(typeof(ulong))]
    public async Task RankAsync_AnyKeyType_FindsWhatExactSearchFinds(Type key)
    {
        MemoryVectorStore store = new();
        await using VectorStoreRetriever retriever = new(store, FakeEmbeddings.Letters(), new() { Name = "memory", BatchSize = 2 }, new() { KeyType = key });
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 4, Passages);
        ChunkRanking found = await retriever.RankAsync(query, TestContext.Current.CancellationToken);
        ChunkRanking exact = await new EmbeddingRetriever(FakeEmbeddings.Letters()).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal(exact.Chunks.Select(chunk => chunk.Index), found.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(2, store.Upserts); // four passages that are not blank, two at a time
        Assert.All(store.Collections.Values.Single(), entry => Assert.IsType(key, entry.Key));
        Assert.Equal(key, store.Definition!.Properties.OfType<VectorStoreKeyProperty>().Single().Type);
        VectorStoreVectorProperty vector = store.Definition.Properties.OfType<VectorStoreVectorProperty>().Single();
        Assert.Equal((8, DistanceFunction.CosineSimilarity), (vector.Dimensions, vector.DistanceFunction));
    }

    [Fact]
    public async Task RankAsync_SameContextAgain_FillsItsCollectionOnceAndDisposingDeletesIt()
    {
        MemoryVectorStore store = new();
        VectorStoreRetriever retriever = new(store, FakeEmbeddings.Letters());
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => retriever.RankAsync(query, TestContext.Current.CancellationToken).AsTask()));
        Assert.Equal(1, store.Upserts);
        await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 2, "other"), TestContext.Current.CancellationToken);
        Assert.Equal(2, store.Collections.Count);
        Assert.All(store.Collections.Keys, name => Assert.StartsWith("longcontext_", name));
        store.Collections["mine"] = [];
        await retriever.DisposeAsync();
        Assert.Equal(["mine"], store.Collections.Keys);
    }

    [Fact]
    public async Task RankAsync_WaiterGivesUp_TheOthersStillHaveIt()
    {
        MemoryVectorStore store = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        TaskCompletionSource gate = new();
        generator.Before = () => gate.Task;
        await using VectorStoreRetriever retriever = new(store, generator);
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        using CancellationTokenSource first = new(), second = new();
        Task<ChunkRanking>[] all = [.. new[] { first.Token, second.Token, TestContext.Current.CancellationToken }.Select(token => retriever.RankAsync(query, token).AsTask())];
        await first.CancelAsync();
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all[0]);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => all[1]);
        Task<ChunkRanking> late = retriever.RankAsync(query, TestContext.Current.CancellationToken).AsTask();
        gate.SetResult();
        Assert.Equal(2, (await all[2]).Chunks[0].Index);
        Assert.Equal(2, (await late).Chunks[0].Index);
        Assert.Equal(1, store.Upserts);
        Assert.All(generator.Asked, entry => Assert.Equal(1, entry.Value));
    }

    [Fact]
    public async Task RankAsync_FillingFails_IsTriedAgainNextTime()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        generator.Before = () => throw new HttpRequestException("gone");
        await using VectorStoreRetriever retriever = new(new MemoryVectorStore(), generator, new() { Requests = new() { MaximumTries = 1 } });
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await retriever.RankAsync(query, TestContext.Current.CancellationToken));
        generator.Before = null;
        Assert.Equal(2, (await retriever.RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_ManyContexts_KeepsAFewCollections()
    {
        MemoryVectorStore store = new();
        await using VectorStoreRetriever retriever = new(store, FakeEmbeddings.Letters(), options: new() { MaximumCollections = 2 });
        for (int i = 0; i < 5; i++)
        {
            await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "ab", "c" + i), TestContext.Current.CancellationToken);
            await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "often used"), TestContext.Current.CancellationToken);
            Assert.InRange(store.Collections.Count, 1, 2);
        }

        // Six contexts, the one that is asked about all the time filled once.
        Assert.Equal(6, store.Upserts);
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => Task.Run(async () =>
        {
            ChunkRanking ranking = await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "cc", "ab", "c" + (i % 7)), TestContext.Current.CancellationToken);
            Assert.Equal(1, ranking.Chunks[0].Index);
        })));
        Assert.InRange(store.Collections.Count, 1, 2);
    }

    [Fact]
    public async Task RankAsync_DeletingAnIdleCollectionFails_TheRankingIsThereAndItIsDeletedInTheEnd()
    {
        MemoryVectorStore store = new() { BeforeDeleting = () => throw new HttpRequestException("gone") };
        VectorStoreRetriever retriever = new(store, FakeEmbeddings.Letters(), options: new() { MaximumCollections = 1 });
        for (int i = 0; i < 3; i++)
            Assert.Equal(0, (await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "ab", "c" + i), TestContext.Current.CancellationToken)).Chunks[0].Index);
        Assert.Equal(3, store.Collections.Count);
        store.BeforeDeleting = null;
        await retriever.DisposeAsync();
        Assert.Empty(store.Collections);
    }

    [Fact]
    public async Task RankAsync_DeletingAnIdleCollectionHangs_IsNotWaitedForLongAndIsNoWork()
    {
        FakeTime time = new();
        TaskCompletionSource gate = new(), begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        MemoryVectorStore store = new()
        {
            BeforeDeleting = () =>
            {
                begun.TrySetResult();
                return gate.Task;
            },
        };
        VectorStoreRetriever retriever = new(
            store, FakeEmbeddings.Letters(), new() { Requests = new() { TimeProvider = time, RequestTimeout = TimeSpan.FromMinutes(3) } }, new() { MaximumCollections = 1 });
        await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "ab", "c"), TestContext.Current.CancellationToken);
        Task<TimeSpan> work = WorkAsync();
        await begun.Task; // requests for embeddings, which have timeouts of their own, are over
        Assert.Equal(TimeSpan.Zero, await time.PassUntilAsync(work, TimeSpan.FromHours(1)));
        Assert.Equal(TimeSpan.FromMinutes(3), time.Now);
        gate.SetResult();
        await retriever.DisposeAsync();
        Assert.Empty(store.Collections);

        async Task<TimeSpan> WorkAsync()
        {
            WaitingTime waiting = WaitingTime.Begin();
            TimeSpan start = time.Now;
            Assert.Equal(0, (await retriever.RankAsync(Bm25RetrieverTests.Query("ab", 1, "ab", "d"), TestContext.Current.CancellationToken)).Chunks[0].Index);
            return waiting.Without(time.Now - start);
        }
    }

    [Fact]
    public async Task RankAsync_FillingFailsWhenNobodyWaitsAnyMore_IsTriedAgainNextTime()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously), gate = new(), failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        generator.Before = async () =>
        {
            begun.TrySetResult();
            await gate.Task;
            failed.TrySetResult();
            throw new HttpRequestException("gone");
        };
        await using VectorStoreRetriever retriever = new(new MemoryVectorStore(), generator, new() { Requests = new() { MaximumTries = 1 } });
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        using CancellationTokenSource source = new();
        Task<ChunkRanking> first = retriever.RankAsync(query, source.Token).AsTask();
        await begun.Task;
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        gate.SetResult();
        await failed.Task;
        await Task.Delay(100, TestContext.Current.CancellationToken); // until the filling has ended, too
        generator.Before = null;
        Assert.Equal(2, (await retriever.RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_CollectionFromAnotherTime_IsMadeAnew()
    {
        MemoryVectorStore store = new();
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        await new VectorStoreRetriever(store, FakeEmbeddings.Letters()).RankAsync(query, TestContext.Current.CancellationToken);
        foreach (Dictionary<string, object?> record in store.Collections.Values.Single().Values) record["Number"] = 77;
        ChunkRanking ranking = await new VectorStoreRetriever(store, FakeEmbeddings.Letters()).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal(2, ranking.Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_StrangeRecord_Throws()
    {
        MemoryVectorStore store = new();
        VectorStoreRetriever retriever = new(store, FakeEmbeddings.Letters());
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 2, Passages);
        await retriever.RankAsync(query, TestContext.Current.CancellationToken);
        foreach (Dictionary<string, object?> record in store.Collections.Values.Single().Values) record["Number"] = 77;
        Assert.Contains("Number 77", (await Assert.ThrowsAsync<InvalidOperationException>(async () => await retriever.RankAsync(query, TestContext.Current.CancellationToken))).Message);
    }

    [Fact]
    public async Task RankAsync_NothingToCompare_FindsNothing()
    {
        VectorStoreRetriever retriever = new(new MemoryVectorStore(), FakeEmbeddings.Letters());
        Assert.Empty((await retriever.RankAsync(Bm25RetrieverTests.Query(" ", 2, "a"), TestContext.Current.CancellationToken)).Chunks);
        Assert.Empty((await retriever.RankAsync(Bm25RetrieverTests.Query("a", 2, " ", "\n"), TestContext.Current.CancellationToken)).Chunks);
    }

    [Fact]
    public void Constructor_BadOptions_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() =>
            new VectorStoreRetriever(new MemoryVectorStore(), FakeEmbeddings.Letters(), options: new() { KeyType = typeof(double), CollectionPrefix = "" })).Message;
        Assert.Contains("KeyType is Double", message);
        Assert.Contains("CollectionPrefix is empty", message);
    }
}
