using System.Globalization;

namespace LongContext.Data.Caching;

/// <summary>A process of its own that opens or builds a cache of <see cref="CacheData"/>, and says what it does.</summary>
internal static class CacheBuildingProgram
{
    public const string Name = "build-token-cache";

    /// <summary>Folder, items, milliseconds that the source takes for each hundred items.</summary>
    public static int Run(string[] args)
    {
        int count = int.Parse(args[2], CultureInfo.InvariantCulture), pause = int.Parse(args[3], CultureInfo.InvariantCulture);
        Console.WriteLine("started");
        try
        {
            using TokenCache cache = TokenCache.OpenOrBuildAsync(
                args[1], CacheData.Key(count), () => CacheData.Source(count).Select(item => Slowly(item, pause)), CacheData.Encoder(),
                new TokenCacheOptions { Degree = 2, ShardBytes = 20_000 }, new Said()).GetAwaiter().GetResult();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{(cache.Report.WasBuilt ? "built" : "found")} {cache.SequenceCount}"));
            return 0;
        }
        catch (IOException exception)
        {
            Console.WriteLine($"refused: {exception.Message}");
            return 3;
        }
    }

    private static Examples.TextExample Slowly(Examples.TextExample item, int pause)
    {
        if (pause > 0 && item.Text.EndsWith("00", StringComparison.Ordinal)) Thread.Sleep(pause);
        return item;
    }

    private sealed class Said : IProgress<TokenCacheProgress>
    {
        public void Report(TokenCacheProgress value) => Console.WriteLine(value.IsWaiting ? "waiting" : "writing");
    }
}
