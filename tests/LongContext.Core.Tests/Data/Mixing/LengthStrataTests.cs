using LongContext.Data.Caching;
using LongContext.Data.Operators;
using LongContext.Packing;
using LongContext.TestSupport;

namespace LongContext.Data.Mixing;

public sealed class LengthStrataTests
{
    /// <summary>90 % short ones, as data have them.</summary>
    private static readonly TokenSequence[] Sequences = [.. Enumerable.Range(0, 300).Select(i => new TokenSequence(Enumerable.Repeat(i, i % 10 == 0 ? 60 + (i % 40) : 1 + (i % 19)).ToArray()))];

    private static readonly LengthStratum[] Strata = [.. LengthStrata.Between([10, 60], [0.2, 0.1, 0.7])];

    [Fact]
    public void Sample_List_GivesTheSharesAskedFor()
    {
        MixtureSource<TokenSequence> source = LengthStrata.Sample(Sequences, Strata);
        List<string> walk = source.Walk();
        MixtureReport report = source.Report;
        Assert.Equal(["1 to 9 tokens", "10 to 59 tokens", "at least 60 tokens"], report.Sources.Select(part => part.Name));
        for (int i = 0; i < 3; i++) Assert.InRange(report.TokenShare(report.Sources[i]) * report.Tokens, (Strata[i].Weight * report.Tokens) - 100, (Strata[i].Weight * report.Tokens) + 100);

        // It ends when one has run dry, and says which; nothing came twice.
        Assert.Single(report.Ended);
        Assert.Equal(walk.Count, walk.Distinct().Count());
    }

    [Fact]
    public void Sample_ListAndStream_ResumeAnywhere()
    {
        Walks.AssertResumesAnywhere(() => LengthStrata.Sample(Sequences, Strata), most: 60);
        Walks.AssertResumesAnywhere(() => LengthStrata.Sample(Sequences[..40], LengthStrata.Between([10], [1, 3]), MixtureEnd.StopAtLast));
        Walks.AssertResumesAnywhere(() => LengthStrata.Sample(() => DataSource.FromList(Sequences[..60], seed: 2), Strata, MixtureEnd.StopAtLast));
    }

    [Fact]
    public void Sample_StreamAndListInItsOrder_GiveTheSame() => Assert.Equal(
        LengthStrata.Sample(Sequences, Strata, seed: null).Walk(), LengthStrata.Sample(() => DataSource.FromList(Sequences, seed: null), Strata).Walk());

    [Fact]
    public async Task Sample_Cache_FindsLengthsWithoutReadingTokens()
    {
        const int Count = 20_000;
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        using TokenCache cache = await CacheData.BuildAsync(folder.Path, Count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        MixtureSource<TokenSequence> sampled = LengthStrata.Sample(cache, Strata[..1]);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        // A source looks at 1,024 of its items, to know them again; all would take four bytes a token and more.
        Assert.InRange(allocated, 1, 2 * cache.Report.Tokens);
        Assert.Equal(LengthStrata.Sample([.. cache], Strata[..1]).Walk(), sampled.Walk());
    }

    [Fact]
    public void Sample_Repeat_GivesEachPassAnotherOrder()
    {
        // One stratum of three sequences, over and over.
        List<string> walk = LengthStrata.Sample([.. Enumerable.Range(0, 9).Select(i => new TokenSequence(new[] { i, i }))], [new LengthStratum(1, null, 1)], MixtureEnd.Repeat, seed: 4).Walk(27);
        Assert.All(walk.Chunk(9), pass => Assert.Equal(9, pass.Distinct().Count()));
        Assert.NotEqual(walk[..9], walk[9..18]);
        Assert.NotEqual(walk[9..18], walk[18..]);
    }

    [Fact]
    public void Sample_StratumWithEpochs_IsGoneThroughSoOften()
    {
        MixtureSource<TokenSequence> source = LengthStrata.Sample(Sequences, [new LengthStratum(60, null, 0.9) { Epochs = 2 }, new LengthStratum(1, 10, 0.1)]);
        source.Walk();
        Assert.Equal(["at least 60 tokens"], source.Report.Ended);
        Assert.Equal(60, source.Report.Sources[0].Items); // 30 of them, twice
        Assert.Equal(2, source.Report.Sources[0].Passes);
    }

    [Fact]
    public void Sample_BadStrataOrData_ListsAllFaults()
    {
        string message = Assert.Throws<ArgumentException>("strata", () => LengthStrata.Sample(Sequences, [new(0, 5, 1), new(4, null, 0), new(9, 9, 1) { Epochs = 0 }])).Message;
        foreach (string part in (string[])["begins below 1 token", "holds no length", "the weight of 'at least 4 tokens' is 0", "the epochs", "overlap"]) Assert.Contains(part, message, StringComparison.Ordinal);
        message = Assert.Throws<ArgumentException>("sequences", () => LengthStrata.Sample(Sequences, LengthStrata.Between([10, 1000, 2000], [1, 1, 1, 1]))).Message;
        Assert.Contains("None of the 300 sequences has 1,000 to 1,999 tokens; none has at least 2,000 tokens", message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>("weights", () => LengthStrata.Between([1], [1]));
        Assert.Throws<ArgumentException>("strata", () => LengthStrata.Between([5, 5], [1, 1, 1]));
        Assert.Equal("The strata cannot be used: there is no stratum. (Parameter 'strata')", Assert.Throws<ArgumentException>(() => LengthStrata.Sample(Sequences, [])).Message);
    }

    [Fact]
    public void Mix_LongAndShort_KeepsTheShareOfShort()
    {
        MixtureSource<TokenSequence> source = LongShortBlend.Mix(
            DataSource.FromList([.. Sequences.Where(sequence => sequence.Length >= 60)], epochs: null), DataSource.FromList([.. Sequences.Where(sequence => sequence.Length < 60)], epochs: null));
        for (int i = 0; i < 500; i++)
        {
            source.Next(TestContext.Current.CancellationToken);
            MixtureReport report = source.Report;
            Assert.InRange(report.Sources[1].Tokens - (0.4 * report.Tokens), -100, 100);
        }

        Assert.Equal(["long", "short"], source.Report.Sources.Select(part => part.Name));
        Assert.Throws<ArgumentOutOfRangeException>("shortShare", () => LongShortBlend.Mix(Walks.Numbers(1), Walks.Numbers(1), 1));
        Assert.Throws<ArgumentOutOfRangeException>("shortShare", () => LongShortBlend.Mix(Walks.Numbers(1), Walks.Numbers(1), double.NaN));
    }
}
