using BenchmarkDotNet.Attributes;
using LongContext.Benchmarks.Harness;
using LongContext.Benchmarks.Packing;
using LongContext.Data;
using LongContext.Data.Caching;
using LongContext.Packing;

namespace LongContext.Benchmarks.Data;

/// <summary>All sequences of a cache of 16-bit tokens, from the system's page cache. Baseline: the same bytes from a stream into arrays.</summary>
[Work("sequences", 50_000)]
[InvocationCount(1)]
[WarmupCount(1)]
[IterationCount(7)]
public class TokenCacheBenchmarks
{
    private const int Count = 50_000;
    private string folder = "";
    private string file = "";
    private int[] lengths = [];
    private TokenCache cache = null!;

    [GlobalSetup]
    public void Setup()
    {
        folder = Directory.CreateTempSubdirectory("longcontext-cache-").FullName;
        lengths = PackingSpeed.LongTailed(Count, 32_768);
        TokenSequence[] documents = Documents.Random(lengths, vocabularySize: 32_000);
        cache = TokenCache.OpenOrBuildAsync(
            folder, new TokenCacheKey { Files = [], Tokenizer = "random" }, () => DataSource.FromList(documents, seed: null), document => document).GetAwaiter().GetResult();
        file = Path.Combine(folder, "plain");
        using (BinaryWriter writer = new(File.Create(file)))
        {
            foreach (TokenSequence document in documents)
            {
                foreach (int token in document.Tokens.Span) writer.Write((ushort)token);
            }
        }

        Agreement.Require("tokens", PlainStream(), InOrder(), 0);
        Agreement.Require("tokens shuffled", PlainStream(), Shuffled(), 0);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        cache.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Benchmark(Baseline = true)]
    public long PlainStream()
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        long sum = 0;
        byte[] bytes = new byte[2 * 32_768];
        foreach (int length in lengths)
        {
            stream.ReadExactly(bytes, 0, 2 * length);
            int[] tokens = new int[length];
            for (int t = 0; t < length; t++) tokens[t] = BitConverter.ToUInt16(bytes, 2 * t);
            sum += tokens[0] + tokens[^1];
        }

        return sum;
    }

    [Benchmark]
    public long InOrder() => Sum(cache.AsSource(seed: null));

    [Benchmark]
    public long Shuffled() => Sum(cache.AsSource(seed: 1));

    private static long Sum(IDataSource<TokenSequence> source)
    {
        long sum = 0;
        while (source.Next() is { } sequence) sum += sequence.Tokens.Span[0] + sequence.Tokens.Span[^1];
        return sum;
    }
}
