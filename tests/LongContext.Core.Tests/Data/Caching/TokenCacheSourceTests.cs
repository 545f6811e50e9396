using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Data.Caching;

public sealed class TokenCacheSourceTests
{
    private const int Count = 47;

    [Fact]
    public async Task AsSource_StoppedAnywhere_GoesOnWithTheNext()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        foreach ((int? seed, int shard, int shards) in new (int?, int, int)[] { (null, 0, 1), (3, 0, 1), (3, 1, 4) })
        {
            List<TokenSequence> unbroken = cache.AsSource(seed, epochs: 3, shard, shards).Take();
            for (int stop = 0; stop <= unbroken.Count; stop++)
            {
                IDataSource<TokenSequence> first = cache.AsSource(seed, epochs: 3, shard, shards), second = cache.AsSource(seed, epochs: 3, shard, shards);
                List<TokenSequence> taken = first.Take(stop);
                second.Restore(first.Capture().ThroughAFile());
                CacheData.AssertSame(unbroken, taken.Concat(second.Take()));
            }
        }
    }

    [Fact]
    public async Task AsSource_EachPass_HasEverySequenceOnceInAnOrderOfItsOwn()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        string[] expected = [.. CacheData.Expected(Count).Select(Text)];
        string[] all = [.. cache.AsSource(seed: 5, epochs: 3).Take().Select(Text)];
        string[][] passes = [.. all.Chunk(expected.Length)];
        Assert.Equal(3, passes.Length);
        Assert.All(passes, pass => Assert.Equal(expected.Order(StringComparer.Ordinal), pass.Order(StringComparer.Ordinal)));
        Assert.Equal(3, passes.Select(pass => string.Join('\n', pass)).Distinct().Count());
        Assert.NotEqual(expected, passes[0]);
        Assert.Equal(all, cache.AsSource(seed: 5, epochs: 3).Take().Select(Text));
        Assert.NotEqual(all, cache.AsSource(seed: 6, epochs: 3).Take().Select(Text));
        Assert.Equal([.. expected, .. expected], cache.AsSource(seed: null, epochs: 2).Take().Select(Text));
    }

    [Fact]
    public async Task AsSource_Shards_TogetherHaveEverySequenceOnce()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        string[] expected = [.. CacheData.Expected(Count).Select(Text).Order(StringComparer.Ordinal)];
        foreach (int shards in new[] { 1, 2, 5, expected.Length })
        {
            List<TokenSequence>[] parts = [.. Enumerable.Range(0, shards).Select(shard => cache.AsSource(seed: 2, epochs: 1, shard, shards).Take())];
            Assert.Equal(expected, parts.SelectMany(part => part).Select(Text).Order(StringComparer.Ordinal));
            Assert.InRange(parts.Max(part => part.Count) - parts.Min(part => part.Count), 0, 1);
        }

        Assert.Throws<InvalidOperationException>(() => cache.AsSource(shardCount: expected.Length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.AsSource(shard: 2, shardCount: 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.AsSource(epochs: 0));
    }

    [Fact]
    public async Task AsSource_StateOfAnotherCacheOrSeed_IsRefused()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count), other = await CacheData.BuildAsync(folder.Path, Count + 1);
        StreamState state = cache.AsSource(seed: 1).Capture();
        Assert.Contains("cache was", Assert.Throws<ArgumentException>(() => other.AsSource(seed: 1).Restore(state)).Message, StringComparison.Ordinal);
        Assert.Contains("seed was 1", Assert.Throws<ArgumentException>(() => cache.AsSource(seed: 2).Restore(state)).Message, StringComparison.Ordinal);
        Assert.Contains("shard was 0 of 1", Assert.Throws<ArgumentException>(() => cache.AsSource(seed: 1, shardCount: 2).Restore(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lengths_ToPacksToSequences_FillsPacks()
    {
        // The way from a cache to a whole data set's packs: lengths alone decide, tokens are read pack by pack.
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, 500);
        int[] lengths = cache.GetLengths();
        HistogramPacking packing = new HistogramPacker(new HistogramPackerOptions { ContextLength = 128 }).Pack(LengthHistogram.FromLengths(lengths));
        PackAssignment packs = packing.Assign(lengths, PackOrder.Shuffled, seed: 1);
        long tokens = 0;
        for (int p = 0; p < packs.Count; p++) tokens += PackedBatch.Create([.. packs[p].ToArray().Select(i => cache[i])]).TokenCount;
        Assert.Equal(cache.Report.Tokens, tokens);
        Assert.InRange(packing.Optimality.FillRate, 0.95, 1);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(64)]
    [InlineData(1_000)]
    [InlineData(65_537)]
    public void IndexPermutation_AnyCount_HasEveryNumberOnce(int count)
    {
        IndexPermutation order = new(count, seed: 9, pass: 1), other = new(count, seed: 9, pass: 2);
        long[] numbers = [.. Enumerable.Range(0, count).Select(place => order[place])];
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), numbers.Order());
        if (count >= 64) Assert.InRange(Enumerable.Range(0, count).Count(place => order[place] == other[place]), 0, 10);
    }

    [Fact]
    public void IndexPermutation_ManySeeds_PutsEveryNumberAnywhere()
    {
        // Of 2,000 orders of 8 numbers each number is at each place in some 250, with a standard deviation of √(2000 · 1/8 · 7/8) ≈ 15.
        int[,] seen = new int[8, 8];
        for (int seed = 0; seed < 2_000; seed++)
        {
            IndexPermutation order = new(8, seed, pass: 0);
            for (int place = 0; place < 8; place++) seen[place, order[place]]++;
        }

        foreach (int times in seen) Assert.InRange(times, 250 - (6 * 15), 250 + (6 * 15));
    }

    [Fact]
    public void IndexPermutation_HugeCount_StaysBelowIt()
    {
        IndexPermutation order = new(5_000_000_000_000, seed: 1, pass: 0);
        HashSet<long> numbers = [.. Enumerable.Range(0, 10_000).Select(place => order[place * 499_999_999L])];
        Assert.Equal(10_000, numbers.Count);
        Assert.InRange(numbers.Max(), 4_900_000_000_000, 4_999_999_999_999);
    }

    private static string Text(TokenSequence sequence) => string.Join(' ', sequence.Tokens.ToArray());
}
