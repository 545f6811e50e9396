using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>Data for caches: item n is its number, and becomes a sequence whose tokens, length and mask follow from it; every eleventh is left out.</summary>
internal static class CacheData
{
    public static TokenCacheKey Key(int count, string tokenizer = "numbers") => new()
    {
        Files = [new DataFileIdentity("numbers", count, "made up")],
        Tokenizer = tokenizer,
        Settings = new Dictionary<string, string> { ["column"] = "text" },
    };

    public static IDataSource<TextExample> Source(int count) =>
        DataSource.FromFunction(n => new TextExample(n.ToString(System.Globalization.CultureInfo.InvariantCulture)) { Origin = new RecordOrigin("numbers.txt", n + 1) }, count);

    public static Func<TextExample, TokenSequence?> Encoder(int wideFrom = int.MaxValue) =>
        example => Encode(int.Parse(example.Text, System.Globalization.CultureInfo.InvariantCulture), wideFrom);

    public static TokenSequence? Encode(int number, int wideFrom = int.MaxValue)
    {
        if (number % 11 == 10) return null;
        Random random = new(number);
        int[] tokens = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(number >= wideFrom ? 200_000 : 65_536))];
        tokens[0] = number >= wideFrom ? 65_536 : 65_535;
        return (number % 3) switch
        {
            0 => new TokenSequence(tokens),
            1 => new TokenSequence(tokens, tokens.Select(token => token % 2 == 0).ToArray()),
            _ => new TokenSequence(tokens, Enumerable.Repeat(true, tokens.Length).ToArray()), // all count, which is not the same as no mask
        };
    }

    public static List<TokenSequence> Expected(int count, int wideFrom = int.MaxValue) =>
        [.. Enumerable.Range(0, count).Select(n => Encode(n, wideFrom)).OfType<TokenSequence>()];

    public static Task<TokenCache> BuildAsync(string folder, int count, TokenCacheOptions? options = null, int wideFrom = int.MaxValue) =>
        TokenCache.OpenOrBuildAsync(folder, Key(count), () => Source(count), Encoder(wideFrom), options ?? new TokenCacheOptions { Degree = 2 });

    public static void AssertSame(TokenSequence expected, TokenSequence found)
    {
        Assert.Equal(expected.Tokens.ToArray(), found.Tokens.ToArray());
        Assert.Equal(expected.LossMask.ToArray(), found.LossMask.ToArray());
    }

    public static void AssertSame(IReadOnlyList<TokenSequence> expected, IEnumerable<TokenSequence> found)
    {
        TokenSequence[] all = [.. found];
        Assert.Equal(expected.Count, all.Length);
        for (int i = 0; i < all.Length; i++) AssertSame(expected[i], all[i]);
    }

    /// <summary>Every file below a folder, by name, with what is in it.</summary>
    public static Dictionary<string, string> Contents(string folder) =>
        Directory.GetFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(path => Path.GetRelativePath(folder, path), path => Convert.ToBase64String(File.ReadAllBytes(path)));
}
