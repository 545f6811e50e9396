using LongContext.Data;
using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Support;
using LongContext.TestSupport;

namespace LongContext.Evaluation.Strategies.Retrieval;

[Collection(RunsAlone.Name)]
public class EmbeddingRetrieverTests
{
    /// <summary>How far the clock may go at once: not to a request's timeout (ten minutes), where a busy machine has only not come to what goes on.</summary>
    private static readonly TimeSpan BeforeTimeout = TimeSpan.FromMinutes(6);

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
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { MaximumTries = 1 } });
        ChunkQuery query = Bm25RetrieverTests.Query("a", 1, "b", "a");
        await Assert.ThrowsAsync<HttpRequestException>(async () => await retriever.RankAsync(query, TestContext.Current.CancellationToken));
        generator.Before = null;
        Assert.Equal(1, (await retriever.RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_GeneratorFailsForAWhile_IsAskedAgainAfterWaitingAsTheServerSays()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        int tries = 0;
        generator.Before = () => ++tries switch
        {
            1 => throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.TooManyRequests) { Data = { ["Retry-After"] = TimeSpan.FromSeconds(40) } },
            2 => throw new HttpRequestException("gone"),
            _ => Task.CompletedTask,
        };
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, MaximumTries = 3 } });
        ChunkRanking ranking = await time.PassUntilAsync(retriever.RankAsync(Bm25RetrieverTests.Query("a", 1, "b", "a"), TestContext.Current.CancellationToken).AsTask(), BeforeTimeout);
        Assert.Equal(1, ranking.Chunks[0].Index);
        Assert.All(generator.Asked, entry => Assert.Equal(1, entry.Value));
        Assert.InRange(time.Now, TimeSpan.FromSeconds(41), TimeSpan.FromSeconds(43)); // 40, then 1 to 2
    }

    [Fact]
    public async Task RankAsync_FaultThatStays_IsNotTriedAgain()
    {
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        int tries = 0;
        generator.Before = () => throw new HttpRequestException($"try {++tries}", null, System.Net.HttpStatusCode.Unauthorized);
        await Assert.ThrowsAsync<HttpRequestException>(async () => await new EmbeddingRetriever(generator).RankAsync(Bm25RetrieverTests.Query("a", 1, "b"), TestContext.Current.CancellationToken));
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task RankAsync_Limits_HoldForRequestsAtOnceAndAMinute()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        int now = 0, most = 0;
        generator.Before = async () =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
        };
        EmbeddingRetriever retriever = new(generator, new() { BatchSize = 1, Requests = new() { TimeProvider = time, RequestsAtOnce = 2, RequestsPerMinute = 30 } });
        Task all = Task.WhenAll(Enumerable.Range(0, 8).Select(i => retriever.RankAsync(Bm25RetrieverTests.Query("a", 1, "a" + i), TestContext.Current.CancellationToken).AsTask()));
        await time.PassUntilAsync(all.ContinueWith(done => done.IsCompletedSuccessfully, TaskScheduler.Default), BeforeTimeout);
        await all;
        Assert.InRange(most, 1, 2);
        Assert.Equal(9, generator.Batches.Count); // eight passages and the question
        Assert.Equal(TimeSpan.FromSeconds(16), time.Now);
    }

    [Fact]
    public async Task RankAsync_GeneratorThatHangs_IsGivenUp()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        TaskCompletionSource never = new();
        int tries = 0;
        generator.Before = () => ++tries == 1 ? never.Task : Task.CompletedTask;
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, RequestTimeout = TimeSpan.FromMinutes(3) } });
        await time.PassUntilAsync(retriever.RankAsync(Bm25RetrieverTests.Query("a", 1, "b", "a"), TestContext.Current.CancellationToken).AsTask(), BeforeTimeout);
        Assert.InRange(time.Now, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3.1));
    }

    [Fact]
    public async Task RankAsync_GeneratorThatBlocks_IsGivenUp()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        using ManualResetEventSlim gate = new();
        int tries = 0;
        bool hasReturned = false;
        generator.Before = () =>
        {
            if (++tries > 1) return Task.CompletedTask;
            gate.Wait(TimeSpan.FromSeconds(30));
            hasReturned = true;
            return Task.CompletedTask;
        };
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, RequestTimeout = TimeSpan.FromMinutes(3) } });
        Task<ChunkRanking> ranking = Task.Run(async () => await retriever.RankAsync(Bm25RetrieverTests.Query("a", 1, "b", "a"), TestContext.Current.CancellationToken));
        await time.PassUntilAsync(ranking, BeforeTimeout);
        Assert.False(hasReturned);
        Assert.InRange(time.Now, TimeSpan.FromMinutes(3), TimeSpan.FromMinutes(3.1));
        gate.Set();
    }

    [Fact]
    public async Task RankAsync_GeneratorIsGone_IsGivenUpAndAskedNowAndThen()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        int tries = 0;
        generator.Before = () =>
        {
            Interlocked.Increment(ref tries);
            throw new HttpRequestException("gone");
        };
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, MaximumTries = 3, MaximumFailuresInARow = 2, MaximumRetryDelay = TimeSpan.FromMinutes(5) } });
        // Those who wait for the same texts hear at once what the first hears.
        ChunkQuery query = Bm25RetrieverTests.Query("a", 1, "b", "a");
        Exception?[] faults = await time.PassUntilAsync(Task.WhenAll(Enumerable.Range(0, 10).Select(_ => FaultAsync(query))), BeforeTimeout);
        Assert.All(faults, fault => Assert.IsType<HttpRequestException>(fault));
        Assert.Equal(3, tries);
        Assert.IsType<HttpRequestException>(await time.PassUntilAsync(FaultAsync(Bm25RetrieverTests.Query("a", 1, "c")), BeforeTimeout));
        Assert.Equal(6, tries);
        string stopped = Assert.IsType<ModelStoppedException>(await FaultAsync(Bm25RetrieverTests.Query("a", 1, "d"))).Message;
        Assert.Contains("'fake' is not asked any more: 2 requests in a row failed, the last with: HttpRequestException: gone", stopped);
        Assert.Equal(6, tries);
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.IsType<HttpRequestException>(await FaultAsync(Bm25RetrieverTests.Query("a", 1, "e"))); // one try
        Assert.IsType<ModelStoppedException>(await FaultAsync(Bm25RetrieverTests.Query("a", 1, "f")));
        Assert.Equal(7, tries);
        time.Advance(TimeSpan.FromMinutes(6));
        generator.Before = null;
        Assert.Null(await FaultAsync(query));
        Assert.Null(await FaultAsync(Bm25RetrieverTests.Query("a", 1, "g")));

        async Task<Exception?> FaultAsync(ChunkQuery asked) => await Record.ExceptionAsync(async () => await retriever.RankAsync(asked, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RankAsync_ServerAsksForAPause_HoldsThoseWhoWaitAlready()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        List<TimeSpan> asked = [];
        int calls = 0;
        generator.Before = () =>
        {
            lock (asked) asked.Add(time.Now);
            return Interlocked.Increment(ref calls) == 1
                ? throw new HttpRequestException("busy", null, System.Net.HttpStatusCode.TooManyRequests) { Data = { ["Retry-After"] = TimeSpan.FromSeconds(40) } }
                : Task.CompletedTask;
        };
        // One a second: the others have their turn already when the first hears of the pause.
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, RequestsPerMinute = 60, RequestsAtOnce = 4 } });
        Task<ChunkRanking[]> all = Task.WhenAll(Enumerable.Range(0, 4).Select(i => retriever.RankAsync(Bm25RetrieverTests.Query("a", 1, "a" + i), TestContext.Current.CancellationToken).AsTask()));
        while (Volatile.Read(ref calls) == 0) await Task.Delay(1, TestContext.Current.CancellationToken);
        await Task.Delay(100, TestContext.Current.CancellationToken); // until the pause is known
        await time.PassUntilAsync(all, BeforeTimeout);
        Assert.Equal(TimeSpan.Zero, asked[0]);
        Assert.All(asked.Skip(1), at => Assert.InRange(at, TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(60)));
    }

    [Fact]
    public async Task RankAsync_Waits_AreNoWork()
    {
        FakeTime time = new();
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        int tries = 0;
        generator.Before = async () =>
        {
            if (++tries == 1) throw new HttpRequestException("gone");
            await Task.Delay(TimeSpan.FromSeconds(5), time);
        };
        EmbeddingRetriever retriever = new(generator, new() { Requests = new() { TimeProvider = time, RetryDelay = TimeSpan.FromSeconds(30) } });
        ChunkQuery query = Bm25RetrieverTests.Query("aa", 1, "b", "a");
        TimeSpan[] worked = await time.PassUntilAsync(Task.WhenAll(WorkAsync(), WorkAsync()), BeforeTimeout);
        // The passages for one of them, the question for whoever comes first: two requests of five seconds, whatever was waited for.
        Assert.Equal(TimeSpan.FromSeconds(10), worked[0] + worked[1]);

        async Task<TimeSpan> WorkAsync()
        {
            WaitingTime waiting = WaitingTime.Begin();
            TimeSpan start = time.Now;
            await retriever.RankAsync(query, TestContext.Current.CancellationToken);
            return waiting.Without(time.Now - start);
        }
    }

    [Fact]
    public async Task RankAsync_CacheFile_AsksForNothingASecondTime()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "embeddings.bin");
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 3, "aaab", "ab ab ab", "abcd", " ");
        FakeEmbeddings first = FakeEmbeddings.Letters(), second = FakeEmbeddings.Letters();
        ChunkRanking before = await new EmbeddingRetriever(first, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
        ChunkRanking after = await new EmbeddingRetriever(second, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal(before.Chunks, after.Chunks);
        Assert.Equal(4, first.Asked.Count);
        Assert.Empty(second.Asked);
        // Two at once may have it.
        EmbeddingRetriever[] both = [new(FakeEmbeddings.Letters(), new() { CacheFile = path, BatchSize = 1 }), new(FakeEmbeddings.Letters(), new() { CacheFile = path, BatchSize = 1 })];
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => both[i % 2].RankAsync(Bm25RetrieverTests.Query("ab", 1, "a" + i, "b" + i), TestContext.Current.CancellationToken).AsTask()));
        FakeEmbeddings third = FakeEmbeddings.Letters();
        EmbeddingRetriever last = new(third, new() { CacheFile = path });
        for (int i = 0; i < 20; i++) await last.RankAsync(Bm25RetrieverTests.Query("ab", 1, "a" + i, "b" + i), TestContext.Current.CancellationToken);
        Assert.Empty(third.Asked);
    }

    [Fact]
    public async Task RankAsync_CacheFileOfTwo_EachSeesWhatTheOtherAdds()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "embeddings.bin");
        FakeEmbeddings[] generators = [FakeEmbeddings.Letters(), FakeEmbeddings.Letters()];
        EmbeddingRetriever[] both = [.. generators.Select(generator => new EmbeddingRetriever(generator, new() { CacheFile = path, CacheCapacity = 0 }))];
        for (int i = 0; i < 8; i++)
        {
            for (int j = 0; j < 2; j++) await both[(i + j) % 2].RankAsync(Bm25RetrieverTests.Query("ab", 1, "a" + i, "b" + i), TestContext.Current.CancellationToken);
        }

        Assert.Equal(17, generators.Sum(generator => generator.Asked.Values.Sum())); // sixteen passages and the question
        Assert.Equal(28 + (17 * (16 + (8 * 4) + 8)), new FileInfo(path).Length);
        // One who moves the file away has it made anew.
        File.Delete(path);
        await both[0].RankAsync(Bm25RetrieverTests.Query("ab", 1, "a0"), TestContext.Current.CancellationToken);
        await both[1].RankAsync(Bm25RetrieverTests.Query("ab", 1, "a0"), TestContext.Current.CancellationToken);
        Assert.Equal(19, generators.Sum(generator => generator.Asked.Values.Sum()));
    }

    [Fact]
    public async Task RankAsync_CacheFileThatCannotBeUsed_EndsTheRunBeforeAnythingIsPaidFor()
    {
        using TemporaryFolder folder = new();
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 1, "aaab", "bbb");
        // Its folder is made.
        await new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { CacheFile = Path.Combine(folder.Path, "a", "b", "c.bin") }).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(Path.Combine(folder.Path, "a", "b", "c.bin")));
        // A file stands where a folder should be.
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        string path = Path.Combine(folder.Path, "a", "b", "c.bin", "d.bin");
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(async () =>
            await new EmbeddingRetriever(generator, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken));
        Assert.Contains("d.bin cannot be written", fault.Message);
        Assert.Empty(generator.Asked);
    }

    [Fact]
    public void EmbeddingFile_ThatCannotBeUsedForAWhile_LosesNothing()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "embeddings.bin");
        new EmbeddingFile(path, "m").Add([(1, [1, 2])]);
        byte[] kept = File.ReadAllBytes(path);
        EmbeddingFile file = new(path, "m");
        File.Move(path, path + ".away");
        Directory.CreateDirectory(path);
        Assert.Throws<EvaluationRunException>(() => file.Find([1]));
        Assert.Contains("cannot be written", Assert.Throws<EvaluationRunException>(() => file.Add([(2, [3, 4])])).Message);
        Directory.Delete(path);
        File.WriteAllText(path, "These are the notes of somebody who needs them.");
        Assert.Throws<EvaluationRunException>(() => file.Find([1]));
        File.Move(path + ".away", path, overwrite: true);
        Assert.Equal([1f, 2f], file.Find([1])[0]!);
        file.Add([(1, [1, 2])]);
        Assert.Equal(kept, File.ReadAllBytes(path));
    }

    [Fact]
    public async Task RankAsync_CacheFileTornOrDamaged_AsksForWhatIsLostAlone()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "embeddings.bin");
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 3, "aaab", "bbb", "abcd", "cc");
        await new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
        byte[] whole = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        const int Head = 28, Record = 16 + (8 * 4) + 8;
        Assert.Equal(Head + (5 * Record), whole.Length);
        for (int length = 0; length < whole.Length; length += 7)
        {
            await File.WriteAllBytesAsync(path, whole[..length], TestContext.Current.CancellationToken);
            FakeEmbeddings again = FakeEmbeddings.Letters();
            await new EmbeddingRetriever(again, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
            Assert.Equal(5 - Math.Max(0, (length - Head) / Record), again.Asked.Count);
            Assert.Equal(whole.Length, new FileInfo(path).Length);
            FakeEmbeddings none = FakeEmbeddings.Letters();
            await new EmbeddingRetriever(none, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
            Assert.Empty(none.Asked);
        }

        whole[Head + Record + 20] ^= 1;
        await File.WriteAllBytesAsync(path, whole, TestContext.Current.CancellationToken);
        FakeEmbeddings one = FakeEmbeddings.Letters();
        await new EmbeddingRetriever(one, new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal(["bbb"], one.Asked.Keys);
    }

    [Fact]
    public async Task RankAsync_CacheFileOfAnother_IsRefusedAndLeftAsItIs()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "embeddings.bin");
        ChunkQuery query = Bm25RetrieverTests.Query("ab", 1, "aaab", "bbb");
        await new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { CacheFile = path }).RankAsync(query, TestContext.Current.CancellationToken);
        byte[] kept = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        Assert.Contains("another model than e5", await FaultAsync(path, new() { CacheFile = path, Model = "e5" }));
        Assert.Contains("8 dimensions", (await Assert.ThrowsAsync<EvaluationRunException>(async () =>
            await new EmbeddingRetriever(new FakeEmbeddings(_ => [1, 2]), new() { CacheFile = path }).RankAsync(Bm25RetrieverTests.Query("x", 1, "new"), TestContext.Current.CancellationToken))).Message);
        Assert.Equal(kept, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        string other = Path.Combine(folder.Path, "notes.txt");
        await File.WriteAllTextAsync(other, "These are the notes of somebody who needs them.", TestContext.Current.CancellationToken);
        Assert.Contains("notes.txt is not a file of embeddings", await FaultAsync(other, new() { CacheFile = other }));
        Assert.StartsWith("These are", await File.ReadAllTextAsync(other, TestContext.Current.CancellationToken));

        async Task<string> FaultAsync(string file, EmbeddingRetrieverOptions options) => (await Assert.ThrowsAsync<EvaluationRunException>(async () =>
            await new EmbeddingRetriever(FakeEmbeddings.Letters(), options).RankAsync(query, TestContext.Current.CancellationToken))).Message;
    }

    [Theory]
    [InlineData("LCE or so")]
    [InlineData("Buy milk.")]
    [InlineData("\0")]
    public async Task RankAsync_ShortFileOfAnother_IsRefusedBeforeAnythingIsPaidFor(string text)
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "notes.txt");
        await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        FakeEmbeddings generator = FakeEmbeddings.Letters();
        EvaluationRunException fault = await Assert.ThrowsAsync<EvaluationRunException>(async () =>
            await new EmbeddingRetriever(generator, new() { CacheFile = path }).RankAsync(Bm25RetrieverTests.Query("ab", 1, "aaab", "bbb"), TestContext.Current.CancellationToken));
        Assert.Contains("notes.txt is not a file of embeddings", fault.Message);
        Assert.Empty(generator.Asked);
        Assert.Throws<EvaluationRunException>(() => new EmbeddingFile(path, "m").Add([(1, [1, 2])]));
        Assert.Equal(text, await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task RankAsync_Price_CountsPassagesAndQuestionEachTime()
    {
        EmbeddingRetriever retriever = new(FakeEmbeddings.Letters(), new() { PricePerMillionTokens = 2, QueryPrefix = "q " });
        for (int i = 0; i < 2; i++)
        {
            ChunkRanking ranking = await retriever.RankAsync(Bm25RetrieverTests.Query("a b", 1, "a a", " ", "c"), TestContext.Current.CancellationToken);
            Assert.Equal((6, 12e-6m), (ranking.Details[StrategyDetails.EmbeddedTokens], ranking.Cost)); // q a b, a a, c
        }

        HybridRetriever hybrid = new([retriever, new Bm25Retriever()]);
        Assert.Equal(12e-6m, (await hybrid.RankAsync(Bm25RetrieverTests.Query("a b", 1, "a a", " ", "c"), TestContext.Current.CancellationToken)).Cost);
        EvaluationPrompt prompt = new() { Context = "a a c", After = "a b" };
        PreparedPrompt prepared = await new RetrievalStrategy(hybrid).PrepareAsync(prompt, StrategyContexts.For(Tasks.PieceTokenizer.WordLevel), TestContext.Current.CancellationToken);
        Assert.Equal((6, 12e-6m), (prepared.Details[StrategyDetails.EmbeddedTokens], prepared.Cost));
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
        string message = Assert.Throws<ArgumentException>(() => new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { BatchSize = 0, CacheCapacity = -1, Name = " ", PricePerMillionTokens = -1 })).Message;
        Assert.Contains("PricePerMillionTokens is -1", message);
        Assert.Contains("RequestsAtOnce is 0", Assert.Throws<ArgumentException>(() => new EmbeddingRetriever(FakeEmbeddings.Letters(), new() { Requests = new() { RequestsAtOnce = 0 } })).Message);
        Assert.Contains("BatchSize is 0", message);
        Assert.Contains("CacheCapacity is -1", message);
        Assert.Contains("Name is empty", message);
    }
}
