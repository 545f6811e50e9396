using FsCheck;
using FsCheck.Fluent;
using LongContext.Data.Examples;
using LongContext.Packing;

namespace LongContext.Data;

public sealed class DataSourceTests
{
    [Fact]
    public void FromList_EachPass_HoldsEverySequenceOnceInItsOwnOrder()
    {
        int[] walk = DataSource.FromList(SourceWalks.Numbered(12), seed: 3, epochs: 3).Take().FirstTokens();
        int[][] passes = [walk[..12], walk[12..24], walk[24..]];
        Assert.All(passes, pass => Assert.Equal(Enumerable.Range(0, 12), pass.Order()));
        Assert.NotEqual(passes[0], passes[1]);
        Assert.NotEqual(passes[1], passes[2]);
        Assert.Equal(walk, DataSource.FromList(SourceWalks.Numbered(12), seed: 3, epochs: null).Take(36).FirstTokens());
        Assert.NotEqual(walk[..12], DataSource.FromList(SourceWalks.Numbered(12), seed: 4).Take().FirstTokens());
        Assert.Equal(Enumerable.Range(0, 24).Select(i => i % 12), DataSource.FromList(SourceWalks.Numbered(12), seed: null, epochs: 2).Take().FirstTokens());
    }

    [Fact]
    public void FromList_Shuffles_AreUniform()
    {
        // Every sequence at every place about equally often: χ² of 16 cells over 4,000 passes, far below what a bias would give.
        int[,] counts = new int[4, 4];
        IDataSource<TokenSequence> source = DataSource.FromList(SourceWalks.Numbered(4), seed: 1, epochs: null);
        for (int pass = 0; pass < 4000; pass++)
        {
            int[] order = source.Take(4).FirstTokens();
            for (int place = 0; place < 4; place++) counts[place, order[place]]++;
        }

        double chi = counts.Cast<int>().Sum(count => Math.Pow(count - 1000, 2) / 1000);
        Assert.InRange(chi, 0, 40);
    }

    [Fact]
    public void FromFunction_Numbers_ComeInTurn()
    {
        Assert.Equal([0, 1, 4, 9], DataSource.FromFunction(i => new TokenSequence(new[] { (int)(i * i) }), count: 4).Take().FirstTokens());
        IDataSource<TokenSequence> endless = DataSource.FromFunction(i => new TokenSequence(new[] { (int)i }));
        Assert.Equal(100, endless.Take(100).Count);
    }

    [Fact]
    public void Next_AtTheEnd_StaysThere()
    {
        IDataSource<TokenSequence> source = DataSource.FromList(SourceWalks.Numbered(2));
        source.Take();
        Assert.Null(source.Next(TestContext.Current.CancellationToken));
        Assert.Null(source.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Next_Cancelled_LosesNothing()
    {
        IDataSource<TokenSequence> source = DataSource.Mixture<TokenSequence>(
        [
            new WeightedSource<TokenSequence>(DataSource.FromList(SourceWalks.Numbered(5)), 1),
            new WeightedSource<TokenSequence>(DataSource.FromFunction(i => new TokenSequence(new[] { (int)i }), count: 5), 1),
        ], end: MixtureEnd.GoOnWithOthers);
        Assert.Throws<OperationCanceledException>(() => source.Next(new CancellationToken(true)));
        Assert.Equal(10, source.Take().Count);
    }

    [Theory]
    [InlineData(MixtureEnd.StopAtFirst)]
    [InlineData(MixtureEnd.GoOnWithOthers)]
    [InlineData(MixtureEnd.Repeat)]
    public void Mixture_AnyWeights_LosesNothingAndResumesAnywhere(MixtureEnd end)
    {
        var instances = Arb.From(
            from sizes in Gen.Choose(1, 9).NonEmptyListOf()
            from weights in Gen.Choose(1, 100).ListOf(sizes.Count)
            from seed in Gen.Choose(-1000, 1000)
            from stop in Gen.Choose(0, 60)
            select (sizes, weights, seed, stop));
        Prop.ForAll(instances, instance =>
        {
            IDataSource<TokenSequence> Make() => DataSource.Mixture<TokenSequence>(
                [.. instance.sizes.Zip(instance.weights).Select((pair, i) => new WeightedSource<TokenSequence>(DataSource.FromList(SourceWalks.Numbered(pair.First, 100 * i), seed: i), pair.Second / 7.0))],
                instance.seed, end);

            int most = end == MixtureEnd.Repeat ? 60 : int.MaxValue;
            int[] walk = Make().Take(most).FirstTokens();
            AssertWhole(walk, instance.sizes, end);

            // Stopped anywhere and gone on from a file, by a source made anew: the same walk.
            IDataSource<TokenSequence> first = Make();
            int[] begun = first.Take(instance.stop).FirstTokens();
            IDataSource<TokenSequence> second = Make();
            second.Take(3);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(walk, begun.Concat(second.Take(most - begun.Length).FirstTokens()));
        }).Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(150).WithEndSize(8));
    }

    [Fact]
    public void Mixture_Weights_AreTheSharesDrawn()
    {
        IDataSource<TokenSequence> source = DataSource.Mixture<TokenSequence>(
            [.. ((double[])[0.5, 0.3, 0.2]).Select((weight, i) => new WeightedSource<TokenSequence>(DataSource.FromFunction(_ => new TokenSequence(new[] { i })), weight))], seed: 8);
        int[] counts = [.. source.Take(20_000).FirstTokens().GroupBy(i => i).OrderBy(group => group.Key).Select(group => group.Count())];
        // Five standard deviations, √(n·p·(1 − p)).
        Assert.InRange(counts[0], 10_000 - 354, 10_000 + 354);
        Assert.InRange(counts[1], 6_000 - 324, 6_000 + 324);
        Assert.InRange(counts[2], 4_000 - 283, 4_000 + 283);
    }

    [Fact]
    public void Mixture_OfMixtures_Resumes()
    {
        static IDataSource<TokenSequence> Make() => DataSource.Mixture<TokenSequence>(
        [
            new(DataSource.Mixture<TokenSequence>([new(DataSource.FromList(SourceWalks.Numbered(7)), 2), new(DataSource.FromList(SourceWalks.Numbered(5, 100)), 1)], seed: 1, MixtureEnd.GoOnWithOthers), 1),
            new(DataSource.FromList(SourceWalks.Numbered(3, 200)), 1),
        ], seed: 2, MixtureEnd.Repeat);
        int[] walk = Make().Take(80).FirstTokens();
        IDataSource<TokenSequence> first = Make(), second = Make();
        first.Take(33);
        second.Restore(first.Capture().ThroughAFile());
        Assert.Equal(walk[33..], second.Take(47).FirstTokens());
    }

    [Fact]
    public void Restore_OtherDataOrSettings_SaysWhichOnes()
    {
        StreamState list = DataSource.FromList(SourceWalks.Numbered(5), seed: 3).Capture();
        AssertRefused(DataSource.FromList(SourceWalks.Numbered(6), seed: 4, epochs: null), list, "count was 5, here it is 6", "seed was 3", "epochs was 1, here it is endless");
        AssertRefused(DataSource.FromList(SourceWalks.Numbered(5, 1), seed: 3), list, "fingerprint");
        AssertRefused(DataSource.FromFunction(i => new TokenSequence(new[] { 1 })), list, "'list'", "'function'");
        AssertRefused(
            DataSource.FromFunction(i => new TokenSequence(new[] { 1 }), identity: "b"), DataSource.FromFunction(i => new TokenSequence(new[] { 1 }), identity: "a").Capture(), "identity was a");
        IDataSource<TokenSequence> One(double weight) => DataSource.Mixture<TokenSequence>([new(DataSource.FromList(SourceWalks.Numbered(5)), weight), new(DataSource.FromList(SourceWalks.Numbered(5)), 1)]);
        AssertRefused(One(0.1), One(0.3).Capture(), "weights was 0.3 1, here it is 0.1 1");
    }

    [Fact]
    public void Restore_PromptsThatCount_AreOtherDataThanThoseThatDoNot()
    {
        IDataSource<PromptExample> One(bool counts) => DataSource.FromList([new PromptExample("a", "b") { PromptCounts = counts }], seed: null);
        Assert.Contains("fingerprint", Assert.Throws<ArgumentException>(() => One(true).Restore(One(false).Capture())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_PlaceBeyondTheEnd_IsDamage()
    {
        IDataSource<TokenSequence> source = DataSource.FromList(SourceWalks.Numbered(5));
        StreamState good = source.Capture(), bad = new StreamState("list").Set("next", 6).Set("settings", good.GetState("settings"));
        Assert.Contains("'next' is 6, expected 0 to 5", Assert.Throws<DataFormatException>(() => source.Restore(bad)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Making_BadInput_IsRefused()
    {
        Assert.Throws<ArgumentException>("items", () => DataSource.FromList<TokenSequence>([]));
        Assert.Throws<ArgumentOutOfRangeException>("epochs", () => DataSource.FromList(SourceWalks.Numbered(1), epochs: 0));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => DataSource.FromFunction<TokenSequence>(_ => null!, count: 0));
        IDataSource<TokenSequence> twice = DataSource.FromList(SourceWalks.Numbered(1));
        string message = Assert.Throws<ArgumentException>("sources", () => DataSource.Mixture<TokenSequence>([new(twice, 0), new(twice, double.NaN), new(null!, 1)])).Message;
        foreach (string part in (string[])["weight of source 0 is 0", "source 1 is given twice", "weight of source 1 is NaN", "source 2 is null"]) Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("no source", Assert.Throws<ArgumentException>("sources", () => DataSource.Mixture<TokenSequence>([])).Message, StringComparison.Ordinal);
    }

    private static void AssertWhole(int[] walk, List<int> sizes, MixtureEnd end)
    {
        for (int i = 0; i < sizes.Count; i++)
        {
            int[] own = [.. walk.Where(token => token / 100 == i)];
            // In each pass every sequence once; of the last pass perhaps a part.
            foreach (int[] pass in own.Chunk(sizes[i]))
            {
                Assert.Equal(pass.Length, pass.Distinct().Count());
                if (end == MixtureEnd.GoOnWithOthers) Assert.Equal(sizes[i], pass.Length);
            }

            if (end != MixtureEnd.Repeat) Assert.True(own.Length <= sizes[i]);
        }

        if (end == MixtureEnd.StopAtFirst) Assert.Contains(Enumerable.Range(0, sizes.Count), i => walk.Count(token => token / 100 == i) == sizes[i]);
        if (end == MixtureEnd.Repeat) Assert.Equal(60, walk.Length);
    }

    private static void AssertRefused(IDataSource<TokenSequence> source, StreamState state, params string[] named)
    {
        string message = Assert.Throws<ArgumentException>(() => source.Restore(state)).Message;
        Assert.All(named, part => Assert.Contains(part, message, StringComparison.Ordinal));
    }
}
