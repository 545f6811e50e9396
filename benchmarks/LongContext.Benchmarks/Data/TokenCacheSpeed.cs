using System.Diagnostics;
using System.Globalization;
using LongContext.Benchmarks.Packing;
using LongContext.Data;
using LongContext.Data.Caching;
using LongContext.Packing;

namespace LongContext.Benchmarks.Data;

/// <summary>
/// Writing and reading a cache of tokens: medians of wall time, megabytes of the files and of the tokens as the trainer sees them (4 bytes each).
/// Reading is from the system's page cache, so it measures the library and not the disk. Baseline: the file's bytes copied into one buffer.
/// </summary>
internal static class TokenCacheSpeed
{
    private const int Rounds = 7;

    /// <param name="megabytes">About how much the files hold.</param>
    /// <param name="output">Where the table goes.</param>
    public static async Task<int> RunAsync(int megabytes, TextWriter output)
    {
        string folder = Directory.CreateTempSubdirectory("longcontext-cache-").FullName;
        try
        {
            foreach ((string name, int vocabulary) in new[] { ("16 bits", 65_536), ("32 bits", 128_256) }) await MeasureAsync(folder, name, vocabulary, megabytes, output);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task MeasureAsync(string folder, string name, int vocabulary, int megabytes, TextWriter output)
    {
        long wanted = megabytes * 1_000_000L / (vocabulary > 65_536 ? 4 : 2);
        int[] lengths = PackingSpeed.LongTailed((int)(wanted / 700), 32_768);
        // The encoder copies tokens that are there: it is the cache that is measured, not a tokenizer.
        int[] material = new int[1 << 20];
        var random = new Random(1);
        for (int i = 0; i < material.Length; i++) material[i] = random.Next(vocabulary);
        material[0] = vocabulary - 1;
        TokenSequence Encode(TokenSequence drawn) => new(drawn.Tokens.ToArray(), drawn.LossMask);
        IDataSource<TokenSequence> Open() =>
            DataSource.FromFunction(n => new TokenSequence(material.AsMemory((int)(n * 131 % (material.Length - 32_768)), lengths[n])), lengths.Length);

        var key = new TokenCacheKey { Files = [], Tokenizer = name };
        TokenCache? cache = null;
        try
        {
            output.WriteLine();
            output.WriteLine($"Tokens of {name}");
            output.WriteLine("| what | wall ms | files MB/s | tokens MB/s | allocated MB |");
            output.WriteLine("|---|---|---|---|---|");
            foreach (int degree in new[] { 1, Environment.ProcessorCount }.Distinct())
            {
                cache?.Dispose();
                if (cache is not null) Directory.Delete(cache.Path, recursive: true);
                long before = GC.GetTotalAllocatedBytes();
                long start = Stopwatch.GetTimestamp();
                cache = await TokenCache.OpenOrBuildAsync(folder, key, Open, Encode, new TokenCacheOptions { Degree = degree });
                Row(output, $"written and flushed to disk, {degree} encoders", cache, Stopwatch.GetElapsedTime(start).TotalMilliseconds, GC.GetTotalAllocatedBytes() - before);
            }

            string[] files = Directory.GetFiles(cache!.Path, "*.safetensors");
            Measure(output, "baseline: files copied into a buffer", cache, () => CopyFiles(files));
            Measure(output, "opened (index checked)", cache, () => TokenCache.Open(folder, key).Dispose());
            Measure(output, "all lengths", cache, () => cache.GetLengths());
            Measure(output, "read in order, a copy each", cache, () => Drain(cache.AsSource(seed: null)));
            Measure(output, "read shuffled, a copy each", cache, () => Drain(cache.AsSource(seed: 1)));
            int[] room = new int[32_768];
            Measure(output, "copied in order into one buffer", cache, () =>
            {
                for (long i = 0; i < cache.SequenceCount; i++) cache.CopyTokens(i, room);
            });
            Measure(output, "checksums of all tokens", cache, () => cache.Verify());
        }
        finally
        {
            cache?.Dispose();
        }
    }

    private static void Drain(IDataSource<TokenSequence> source)
    {
        while (source.Next() is not null)
        {
        }
    }

    private static void CopyFiles(string[] files)
    {
        byte[] buffer = new byte[1 << 20];
        foreach (string file in files)
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1);
            while (stream.Read(buffer) > 0)
            {
            }
        }
    }

    private static void Measure(TextWriter output, string what, TokenCache cache, Action work)
    {
        var wall = new double[Rounds];
        work();
        long before = GC.GetTotalAllocatedBytes();
        for (int round = 0; round < Rounds; round++)
        {
            long start = Stopwatch.GetTimestamp();
            work();
            wall[round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        long allocated = (GC.GetTotalAllocatedBytes() - before) / Rounds;
        Array.Sort(wall);
        Row(output, what, cache, wall[Rounds / 2], allocated);
    }

    private static void Row(TextWriter output, string what, TokenCache cache, double milliseconds, long allocated) =>
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {what} | {milliseconds:F1} | {cache.Report.Bytes / milliseconds / 1000:F0} | {4 * cache.Report.Tokens / milliseconds / 1000:F0} | {allocated / 1e6:F0} |"));
}
