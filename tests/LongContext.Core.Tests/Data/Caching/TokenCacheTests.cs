using LongContext.Data.Examples;
using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Data.Caching;

public sealed class TokenCacheTests
{
    private const int Count = 1_500;

    /// <summary>1,000 numbers, and whether anybody reads on when it is disposed.</summary>
    private sealed class HeldSource(int failsAt) : IDataSource<TextExample>, IDisposable
    {
        private int next;

        public int Disposed { get; private set; }

        public bool WasReadAfter { get; private set; }

        public TextExample? Next(CancellationToken cancellationToken = default)
        {
            WasReadAfter |= Disposed > 0;
            if (next == failsAt) throw new DataFormatException("no more");
            return next == 1_000 ? null : new TextExample($"{next++}");
        }

        public StreamState Capture() => throw new NotSupportedException();

        public void Restore(StreamState state) => throw new NotSupportedException();

        public void Dispose() => Disposed++;
    }

    [Theory]
    [InlineData(int.MaxValue, 1L << 30)]
    [InlineData(int.MaxValue, 1024)] // files of a few sequences each
    [InlineData(700, 4096)] // from there on 32 bits
    [InlineData(0, 4096)]
    public async Task OpenOrBuild_AnySequences_GivesThemBack(int wideFrom, long shardBytes)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        List<TokenSequence> expected = CacheData.Expected(Count, wideFrom);
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count, new TokenCacheOptions { Degree = 3, ShardBytes = shardBytes }, wideFrom);
        CacheData.AssertSame(expected, cache);
        Assert.Equal(expected.Count, cache.Count);
        Assert.Equal(expected.Select(sequence => sequence.Length), cache.GetLengths());
        for (int i = 0; i < expected.Count; i += 37)
        {
            CacheData.AssertSame(expected[i], cache[i]);
            Assert.Equal(expected[i].Length, cache.GetLength(i));
            int[] tokens = new int[100];
            Assert.Equal(expected[i].Tokens.ToArray(), tokens[..cache.CopyTokens(i, tokens)]);
        }

        cache.Verify(TestContext.Current.CancellationToken);
        Assert.Equal((expected.Count, Count - expected.Count, true), ((int)cache.Report.Sequences, (int)cache.Report.Skipped, cache.Report.WasBuilt));
        Assert.Equal(expected.Sum(sequence => (long)sequence.Length), cache.Report.Tokens);
        string[] files = Directory.GetFiles(cache.Path, "*.safetensors");
        Assert.Equal((cache.Report.Shards, cache.Report.Bytes), (files.Length, files.Sum(file => new FileInfo(file).Length)));
        if (shardBytes < 1 << 20) Assert.True(files.Length > 10, "small files");
    }

    [Fact]
    public async Task OpenOrBuild_AnyDegree_WritesTheSameBytes()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        Dictionary<string, string>? first = null;
        foreach (int degree in new[] { 1, 2, 7 })
        {
            using TokenCache cache = await CacheData.BuildAsync(folder[$"{degree}"], Count, new TokenCacheOptions { Degree = degree, ShardBytes = 10_000 }, wideFrom: 600);
            Dictionary<string, string> contents = CacheData.Contents(cache.Path);
            Assert.Equal(first ??= contents, contents);
        }
    }

    [Fact]
    public async Task OpenOrBuild_Again_OpensWithoutLookingAtTheSource()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, 50)).Dispose();
        using TokenCache cache = await TokenCache.OpenOrBuildAsync<TextExample>(
            folder.Path, CacheData.Key(50), () => throw new InvalidOperationException("opened"), _ => throw new InvalidOperationException("encoded"),
            cancellationToken: TestContext.Current.CancellationToken);
        Assert.False(cache.Report.WasBuilt);
        CacheData.AssertSame(CacheData.Expected(50), cache);
    }

    [Fact]
    public async Task OpenOrBuild_OtherKey_IsAnotherCache()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, 50)).Dispose();
        TokenCacheKey[] keys = [CacheData.Key(50), CacheData.Key(51), CacheData.Key(50, "others"),
            new TokenCacheKey { Files = CacheData.Key(50).Files, Tokenizer = "numbers", Settings = new Dictionary<string, string> { ["column"] = "body" } }];
        Assert.Equal(keys.Length, keys.Select(key => key.Name).Distinct().Count());
        Assert.Equal(CacheData.Key(50).Name, keys[0].Name);
        Assert.Throws<DirectoryNotFoundException>(() => TokenCache.Open(folder.Path, keys[1]));

        // A folder that was renamed to another key's name is found out.
        Directory.Move(folder[keys[0].Name], folder[keys[2].Name]);
        string message = Assert.Throws<DataFormatException>(() => TokenCache.Open(folder.Path, keys[2])).Message;
        Assert.Contains("its tokenizer differ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenOrBuild_NothingToKeep_IsAnEmptyCache()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        for (int round = 0; round < 2; round++)
        {
            using TokenCache cache = await TokenCache.OpenOrBuildAsync(
                folder.Path, CacheData.Key(5), () => CacheData.Source(5), _ => null, cancellationToken: TestContext.Current.CancellationToken);
            Assert.Equal((0L, 5L, round == 0), (cache.SequenceCount, cache.Report.Skipped, cache.Report.WasBuilt));
            Assert.Empty(cache.GetLengths());
            Assert.Empty(cache);
            Assert.Throws<InvalidOperationException>(() => cache.AsSource());
        }
    }

    [Fact]
    public async Task OpenOrBuild_EncoderFails_NamesTheFirstItemAndLeavesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        DataFormatException fault = await Assert.ThrowsAsync<DataFormatException>(() => TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(Count), () => CacheData.Source(Count), example => int.Parse(example.Text, null) is 700 or 710 or 1400 ? throw new FormatException("odd") : CacheData.Encode(1),
            new TokenCacheOptions { Degree = 4, ShardBytes = 1024 }, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Item 700 (numbers.txt, number 701) cannot be encoded: odd", fault.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(folder.Path));
    }

    [Fact]
    public async Task OpenOrBuild_NegativeToken_NamesIt()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        DataFormatException fault = await Assert.ThrowsAsync<DataFormatException>(() => TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(3), () => CacheData.Source(3), _ => new TokenSequence(new[] { 4, -2 }), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("token 1 is -2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenOrBuild_SourceFails_ThrowsItsFaultAndLeavesNothing()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        IDataSource<TextExample> source = DataSource.FromFunction(n => n == 400 ? throw new DataFormatException("line 401 is odd") : new TextExample("1"), 1000);
        DataFormatException fault = await Assert.ThrowsAsync<DataFormatException>(() => TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(1), () => source, CacheData.Encoder(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal("line 401 is odd", fault.Message);
        Assert.Empty(Directory.GetDirectories(folder.Path));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("source")]
    [InlineData("encoder")]
    public async Task OpenOrBuild_SourceToDispose_IsDisposedOnceAllWorkHasEnded(string fault)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        HeldSource source = new(fault == "source" ? 300 : int.MaxValue);
        Exception? thrown = await Record.ExceptionAsync(async () => (await TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(1), () => source, example => example.Text == "300" && fault == "encoder" ? throw new FormatException("odd") : CacheData.Encode(1),
            new TokenCacheOptions { Degree = 3 }, cancellationToken: TestContext.Current.CancellationToken)).Dispose());
        Assert.Equal(fault != "none", thrown is DataFormatException);
        Assert.Equal((1, false), (source.Disposed, source.WasReadAfter));
    }

    [Fact]
    public async Task OpenOrBuild_Cancelled_LeavesNothingAndCanBeCalledAgain()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(Count), () => CacheData.Source(Count).Select(item =>
            {
                if (item.Text == "900") stop.Cancel();
                return item;
            }),
            CacheData.Encoder(), new TokenCacheOptions { Degree = 2, ShardBytes = 1024 }, cancellationToken: stop.Token));
        Assert.Empty(Directory.GetDirectories(folder.Path));
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        Assert.True(cache.Report.WasBuilt);
    }

    [Fact]
    public async Task OpenOrBuild_SlowWriter_ReaderDoesNotRunAhead()
    {
        // The encoder stands still: of a source without end only so many items are read.
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CancellationTokenSource stop = new();
        using ManualResetEventSlim go = new();
        long read = 0;
        Task<TokenCache> building = TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(1),
            () => DataSource.FromFunction(n =>
            {
                Interlocked.Exchange(ref read, n);
                return new TextExample("1");
            }),
            example =>
            {
                go.Wait(TestContext.Current.CancellationToken);
                return CacheData.Encode(1);
            },
            new TokenCacheOptions { Degree = 2 }, cancellationToken: stop.Token);
        long before;
        do
        {
            before = Interlocked.Read(ref read);
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }
        while (before != Interlocked.Read(ref read));
        Assert.InRange(before, 1, 32 * 4 * 2);
        await stop.CancelAsync();
        go.Set();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => building);
    }

    [Fact]
    public async Task Dispose_ThenRead_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        TokenCache cache = await CacheData.BuildAsync(folder.Path, 50);
        TokenSequence kept = cache[3];
        cache.Dispose();
        cache.Dispose();
        CacheData.AssertSame(CacheData.Expected(50)[3], kept);
        Assert.Throws<ObjectDisposedException>(() => cache[3]);
        Assert.Throws<ObjectDisposedException>(() => cache.GetLengths());
    }

    [Fact]
    public async Task Read_OutOfRange_Throws()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, 5);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache[-1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Read(5));
        Assert.Throws<ArgumentException>(() => cache.CopyTokens(0, []));
        Assert.Contains("Degree is 0", (await Assert.ThrowsAsync<ArgumentException>(() => CacheData.BuildAsync(folder.Path, 5, new TokenCacheOptions { Degree = 0, ShardBytes = 1 }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Key_SettingsInAnotherOrder_IsTheSame()
    {
        TokenCacheKey Key(params string[] names) => new() { Files = [], Tokenizer = "t", Settings = names.ToDictionary(name => name, name => name + "'") };
        Assert.Equal(Key("a", "b", "c").Name, Key("c", "b", "a").Name);
        Assert.NotEqual(Key("a", "b").Name, Key("a", "c").Name);
    }

    [Fact]
    public async Task OpenOrBuild_SmallFiles_HoldNoMoreThanAskedButWhereASequenceIsLonger()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        (await CacheData.BuildAsync(folder.Path, 500, new TokenCacheOptions { Degree = 1, ShardBytes = 1024 })).Dispose();
        IReadOnlyList<TokenShardInfo> shards = TokenCacheManifest.Load(folder[CacheData.Key(500).Name]).Shards;
        Assert.All(shards, shard => Assert.InRange(shard.Tokens * sizeof(ushort), 1, 1024));
        // The next one would not have fitted: at most 59 tokens.
        Assert.All(shards.SkipLast(1), shard => Assert.InRange(shard.Tokens * sizeof(ushort), 1024 - (59 * sizeof(ushort)), 1024));
    }

    [Fact]
    public void TokenShardWriter_FourMillionSequences_AreEnoughForAFile()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenShardWriter writer = new(folder["tokens"], wide: false);
        TokenSequence one = new(new[] { 1 });
        for (int i = 0; i < 1 << 22; i++)
        {
            Assert.False(writer.IsFullFor(1, long.MaxValue));
            writer.Add(one);
        }

        Assert.True(writer.IsFullFor(1, long.MaxValue));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OpenOrBuild_FolderIsRemovedMeanwhile_ThrowsTheFaultItself(bool cancelled)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using CancellationTokenSource stop = new();
        Task<TokenCache> building = TokenCache.OpenOrBuildAsync(
            folder["caches"], CacheData.Key(500), () => CacheData.Source(500),
            example =>
            {
                if (example.Text != "400") return CacheData.Encoder()(example);
                Directory.Delete(folder["caches"], recursive: true);
                if (!cancelled) throw new FormatException("odd");
                stop.Cancel();
                return null;
            },
            new TokenCacheOptions { Degree = 1 }, cancellationToken: stop.Token);
        if (cancelled) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => building);
        else Assert.Contains("odd", (await Assert.ThrowsAsync<DataFormatException>(() => building)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData((1 << 21) + 3, 65_535)]
    [InlineData((1 << 21) + 3, 65_536)]
    [InlineData(1 << 20, 65_536)]
    public async Task OpenOrBuild_SequenceLongerThanWhatIsWrittenAtATime_GivesItBack(int length, int last)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        int[] tokens = [.. Enumerable.Range(0, length).Select(i => i % 60_000)];
        bool[] mask = [.. Enumerable.Range(0, length).Select(i => i % 2 == 0)];
        tokens[^1] = last;
        using TokenCache cache = await TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(1), () => CacheData.Source(1), _ => new TokenSequence(tokens, mask), new TokenCacheOptions { Degree = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        TokenSequence found = cache[0];
        Assert.True(found.Tokens.Span.SequenceEqual(tokens));
        Assert.True(found.LossMask.Span.SequenceEqual(mask));
        cache.Verify(TestContext.Current.CancellationToken);
    }

    [Theory]
    [Trait("Category", "Slow")]
    [InlineData((1 << 29) + 5, 65_536)]
    [InlineData((1 << 30) + 5, 1)]
    public async Task OpenOrBuild_SequenceOfMoreBytesThanAnInt_GivesItBack(int length, int last)
    {
        if (length < 1 << 30) SlowTests.SkipUnlessAsked();
        else SlowTests.SkipUnlessAllAsked();
        // The tokens, those read back, and the pages of the file.
        long needed = 3L * sizeof(int) * length, there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assert.SkipWhen(there < needed, $"{needed >> 30} GiB of memory are needed, there are {there >> 30}");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        int[] tokens = new int[length];
        tokens[^1] = last;
        using TokenCache cache = await TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(1), () => CacheData.Source(1), _ => new TokenSequence(tokens), new TokenCacheOptions { Degree = 1 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(length, cache.GetLength(0));
        Assert.True(cache[0].Tokens.Span.SequenceEqual(tokens));
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task OpenOrBuild_MoreThanTwoToThe31TokensInOneFile_GivesThemBack()
    {
        // 520 sequences of 2²² tokens: 2.18 · 10⁹ of them, in one file of 4.4 GB. A sequence's first token and its last are its number.
        SlowTests.SkipUnlessAsked();
        const int Long = 1 << 22, Sequences = 520;
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await TokenCache.OpenOrBuildAsync(
            folder.Path, CacheData.Key(Sequences), () => CacheData.Source(Sequences),
            example =>
            {
                int[] tokens = new int[Long];
                tokens[0] = tokens[^1] = int.Parse(example.Text, System.Globalization.CultureInfo.InvariantCulture);
                return new TokenSequence(tokens);
            },
            new TokenCacheOptions { Degree = 2, ShardBytes = 1L << 40 }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal((1, (long)Sequences * Long), (cache.Report.Shards, cache.Report.Tokens));
        Assert.True(cache.Report.Tokens > int.MaxValue);
        int[] room = new int[Long];
        for (int i = 0; i < Sequences; i += i == Sequences - 8 ? 1 : 8)
        {
            Assert.Equal(Long, cache.CopyTokens(i, room));
            Assert.Equal((i, 0, i), (room[0], room[1], room[^1]));
        }

        cache.Verify(TestContext.Current.CancellationToken);
    }

    [Fact]
    public void DataFileIdentity_ChangedFile_IsOther()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["a"], "one");
        DateTime then = File.GetLastWriteTimeUtc(folder["a"]);
        (DataFileIdentity time, DataFileIdentity content) = (DataFileIdentity.Of(folder["a"]), DataFileIdentity.Of(folder["a"], DataFileStamp.Content));
        File.SetLastWriteTimeUtc(folder["a"], then.AddSeconds(1));
        Assert.NotEqual(time, DataFileIdentity.Of(folder["a"]));
        Assert.Equal(content, DataFileIdentity.Of(folder["a"], DataFileStamp.Content));
        File.WriteAllText(folder["a"], "two");
        File.SetLastWriteTimeUtc(folder["a"], then);
        Assert.Equal(time, DataFileIdentity.Of(folder["a"]));
        Assert.NotEqual(content, DataFileIdentity.Of(folder["a"], DataFileStamp.Content));
        Assert.Throws<FileNotFoundException>(() => DataFileIdentity.OfAll([folder["a"], folder["b"]]));
    }
}
