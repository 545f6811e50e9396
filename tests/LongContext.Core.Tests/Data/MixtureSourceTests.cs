using LongContext.Data.Operators;
using LongContext.Packing;

namespace LongContext.Data;

public sealed class MixtureSourceTests
{
    [Fact]
    public void Mixture_Tokens_TheOneThatLagsMostIsNext()
    {
        // Shares ½, ¼, ¼; a's items have 2 tokens, b's 1, c's 3. Lags before each choice (share × total − given), of equals the first:
        // 0 0 0 → a; total 2: a 1−2, b ½, c ½ → b; total 3: a −½, b −¼, c ¾ → c; total 6: a 1, b ½, c −1½ → a; total 8: a 0, b 1, c −1 → b;
        // total 9: a ½, b ¼, c −¾ → a; total 11: a −½, b ¾, c −¼ → b; total 12: a 0, b 0, c 0 → a.
        MixtureSource<string> source = Named(MixtureEnd.Repeat, ("a", 2, 5, 2.0), ("b", 1, 5, 1), ("c", 3, 5, 1));
        Assert.Equal(["a0", "b0", "c0", "a1", "b1", "a2", "b2", "a3"], source.Walk(8).Select(item => item.Split(':')[0]));
        MixtureReport report = source.Report;
        Assert.Equal([("a", 4L, 8L), ("b", 3, 3), ("c", 1, 3)], report.Sources.Select(part => (part.Name, part.Items, part.Tokens)));
        Assert.Equal(14, report.Tokens);
        Assert.Equal(8, report.Items);
        Assert.Equal(8.0 / 14, report.TokenShare(report.Sources[0]));
        Assert.Equal(0.5, report.ItemShare(report.Sources[0]));
        Assert.Equal([0.5, 0.25, 0.25], report.Sources.Select(part => part.Share));
    }

    [Fact]
    public void Mixture_Items_AreExactToLessThanOne()
    {
        // ½, 3/10, 1/5 of items: after 10 items 5, 3 and 2, again and again.
        MixtureSource<string> source = DataSource.Mixture<string>(
            [.. new[] { ("a", 5.0), ("b", 3), ("c", 2) }.Select(part => new WeightedSource<string>(DataSource.FromFunction(_ => part.Item1), part.Item2) { Name = part.Item1 })],
            new MixtureOptions<string> { Shares = MixtureShares.Items });
        for (int i = 1; i <= 20; i++)
        {
            source.Walk(10);
            Assert.Equal([5L * i, 3L * i, 2L * i], source.Report.Sources.Select(part => part.Items));
            Assert.Equal(0, source.Report.Tokens);
        }
    }

    [Fact]
    public void Mixture_TokenShares_StayWithinTheProvenBounds()
    {
        double worstLag = 0, worstBound = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            SplitMix64 random = new(seed, 0);
            int count = 2 + random.NextInt(7), longest = 1 + random.NextInt(1000);
            bool equal = seed % 3 == 0;
            double[] weights = [.. Enumerable.Range(0, count).Select(_ => equal ? 1 : Math.Exp(4 * random.NextDouble()))];
            // Some sources are of long items alone, some of short ones, some of both.
            WeightedSource<string>[] sources = [.. weights.Select((weight, i) => new WeightedSource<string>(
                DataSource.FromFunction(n => FormattableString.Invariant($"{i}:{(i % 3 == 0 ? longest : i % 3 == 1 ? 1 : 1 + new SplitMix64(seed + i, n).NextInt(longest))}")), weight))];
            MixtureSource<string> mixture = DataSource.Mixture(sources, new MixtureOptions<string> { Size = Size });
            double[] shares = [.. weights.Select(weight => weight / weights.Sum())];

            // L·Σ W(k)/k, k = 1 … n−1, W(k) the k largest shares together.
            double[] ordered = [.. shares.OrderDescending()];
            double bound = longest * Enumerable.Range(1, count - 1).Sum(k => ordered[..k].Sum() / k);
            if (equal) Assert.Equal(longest * (count - 1.0) / count, bound, 6);
            for (int step = 0; step < 400; step++)
            {
                mixture.Next(TestContext.Current.CancellationToken);
                MixtureReport report = mixture.Report;
                for (int i = 0; i < count; i++)
                {
                    double lag = (shares[i] * report.Tokens) - report.Sources[i].Tokens;
                    Assert.InRange(lag, -((1 - shares[i]) * longest) - 1e-6, bound + 1e-6);
                    if (lag / longest > worstLag) (worstLag, worstBound) = (lag / longest, bound / longest);
                }
            }
        }

        // The bounds are not far from what happens: with very unequal shares a source has been seen 1.14 items behind.
        TestContext.Current.TestOutputHelper?.WriteLine($"worst lag {worstLag:0.000} items, its bound {worstBound:0.000}");
        Assert.InRange(worstLag, 1, 1.25);
    }

    [Theory]
    [InlineData(MixtureShares.Tokens, MixtureEnd.StopAtFirst)]
    [InlineData(MixtureShares.Tokens, MixtureEnd.GoOnWithOthers)]
    [InlineData(MixtureShares.Tokens, MixtureEnd.StopAtLast)]
    [InlineData(MixtureShares.Tokens, MixtureEnd.Repeat)]
    [InlineData(MixtureShares.Items, MixtureEnd.StopAtLast)]
    [InlineData(MixtureShares.Draws, MixtureEnd.StopAtLast)]
    [InlineData(MixtureShares.Draws, MixtureEnd.GoOnWithOthers)]
    public void Mixture_AnySharesAndEnd_ResumesAnywhere(MixtureShares shares, MixtureEnd end)
    {
        for (int seed = 0; seed < 4; seed++)
        {
            int given = seed;
            List<string> walk = Walks.AssertResumesAnywhere(
                () => DataSource.Mixture(
                    [
                        new WeightedSource<string>(Sized("a", 7, given), 2) { Name = "a", Epochs = 2 },
                        new WeightedSource<string>(Sized("b", 3 + given, given), 1) { Epochs = 3, NewPass = pass => Sized("b", 3 + given, given + (int)pass) },
                        new WeightedSource<string>(Sized("c", 20, given).Shuffle(5).Where(item => item[1] != '3'), 0.7) { Name = "c" },
                    ],
                    new MixtureOptions<string> { Shares = shares, End = end, Seed = seed, Size = Size }),
                most: end == MixtureEnd.Repeat ? 70 : int.MaxValue);
            int[] counts = [.. "abc".Select(name => walk.Count(item => item[0] == name))];
            int[] wholes = [14, 3 * (3 + seed), 20 - Enumerable.Range(0, 20).Count(i => $"{i}"[0] == '3')];
            if (end == MixtureEnd.GoOnWithOthers) Assert.Equal(wholes, counts);
            if (end == MixtureEnd.StopAtFirst) Assert.Contains(Enumerable.Range(0, 3), i => counts[i] == wholes[i]);
            if (end == MixtureEnd.StopAtFirst) Assert.All(Enumerable.Range(0, 3), i => Assert.True(counts[i] <= wholes[i]));
            if (end == MixtureEnd.StopAtLast) Assert.All(Enumerable.Range(0, 3), i => Assert.True(counts[i] >= wholes[i]));
            if (end == MixtureEnd.StopAtLast) Assert.Contains(Enumerable.Range(0, 3), i => counts[i] == wholes[i]);
        }
    }

    [Fact]
    public void Report_EpochsAndEnds_AreTold()
    {
        MixtureSource<string> source = Named(MixtureEnd.StopAtLast, ("short", 1, 2, 1.0), ("long", 1, 5, 1));
        // Items in turn: short is gone through twice (4) and once more in part (1) until long, asked for its sixth, has ended.
        Assert.Equal(["short0", "long0", "short1", "long1", "short0", "long2", "short1", "long3", "short0", "long4", "short1"], source.Walk().Select(item => item.Split(':')[0]));
        MixtureReport report = source.Report;
        Assert.Equal([(6L, 2L, false), (5L, 1L, true)], report.Sources.Select(part => (part.Items, part.Passes, part.Ended)));
        Assert.Equal(["long"], report.Ended);
        string[] lines = report.ToString().Split('\n');
        Assert.Equal("source    asked  tokens %         items            tokens  passes", lines[0]);
        Assert.Equal("short     50.00     54.55             6                 6  2", lines[1]);
        Assert.Equal("long      50.00     45.45             5                 5  1 (ended)", lines[2]);
    }

    [Fact]
    public void Report_OfAResumedMixture_CountsWhatWasGivenBefore()
    {
        MixtureSource<string> first = Named(MixtureEnd.Repeat, ("a", 2, 3, 1.0), ("b", 5, 4, 1)), second = Named(MixtureEnd.Repeat, ("a", 2, 3, 1.0), ("b", 5, 4, 1));
        first.Walk(17);
        second.Restore(first.Capture().ThroughAFile());
        Assert.Equal(first.Report.Sources, second.Report.Sources);
        Assert.Equal(first.Walk(10), second.Walk(10));
        Assert.Equal(first.Report.Sources, second.Report.Sources);
    }

    [Fact]
    public void NewPass_EachPass_IsMadeAnew()
    {
        MixtureSource<string> source = DataSource.Mixture<string>(
            [new WeightedSource<string>(Sized("0", 2, 0), 1) { Epochs = 3, NewPass = pass => Sized($"{pass}", 2, 0) }], new MixtureOptions<string> { Size = Size });
        Assert.Equal(["00", "01", "10", "11", "20", "21"], source.Walk().Select(item => item.Split(':')[0]));
        Assert.Equal(3, source.Report.Sources[0].Passes);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void Shard_OfAMixture_PartsAreDisjointAndTheWhole(int workers)
    {
        MixtureSource<string> Make() => Named(MixtureEnd.GoOnWithOthers, ("a", 2, 30, 1.0), ("b", 5, 20, 2), ("c", 1, 9, 1));
        List<string> all = [];
        for (int worker = 0; worker < workers; worker++) all.AddRange(Make().Shard(worker, workers).Walk());
        Assert.Equal(Make().Walk().Order(), all.Order());
        Assert.Equal(59, all.Distinct().Count());

        // Sharded before mixing: again the whole, and each worker's shares are exact while all last.
        all.Clear();
        for (int worker = 0; worker < workers; worker++)
        {
            all.AddRange(DataSource.Mixture(
                [.. new[] { ("a", 2, 30, 1.0), ("b", 5, 20, 2), ("c", 1, 9, 1) }.Select(part => new WeightedSource<string>(Items(part.Item1, part.Item2, part.Item3).Shard(worker, workers), part.Item4))],
                new MixtureOptions<string> { Size = Size, End = MixtureEnd.GoOnWithOthers }).Walk());
        }

        Assert.Equal(Make().Walk().Order(), all.Order());
    }

    [Fact]
    public void Next_SourceThatThrows_LosesNothingAndIsAskedAgain() => Walks.AssertFaultsLoseNothing(
        call => DataSource.Mixture<string>(
            [new WeightedSource<string>(FlowTests.Failing(60, call), 1) { Epochs = 2 }, new WeightedSource<string>(FlowTests.Failing(70, call), 2)],
            new MixtureOptions<string> { Size = item => item.Length, End = MixtureEnd.StopAtLast }),
        41, 83);

    [Fact]
    public void Next_SizeThatThrows_LosesNothing() => Walks.AssertFaultsLoseNothing(
        call => DataSource.Mixture<string>(
            [
                new WeightedSource<string>(Walks.Numbers(60), 1) { Epochs = 2 },
                new WeightedSource<string>(Walks.Numbers(70), 2) { Epochs = 2, NewPass = pass => Walks.Numbers(70).Shuffle(70, (int)pass) },
            ],
            new MixtureOptions<string>
            {
                Size = item =>
                {
                    call();
                    return item.Length;
                },
                End = MixtureEnd.StopAtLast,
            }),
        13, 31);

    [Fact]
    public void Next_ItemsWithoutTokens_DoNotKeepTheOthersBack()
    {
        MixtureSource<string> source = DataSource.Mixture<string>(
            [new WeightedSource<string>(DataSource.FromFunction(_ => "none"), 1), new WeightedSource<string>(DataSource.FromFunction(_ => "one"), 1)],
            new MixtureOptions<string> { Size = item => item == "none" ? 0 : 1 });
        source.Walk(10);
        Assert.Equal([(5L, 0L), (5, 5)], source.Report.Sources.Select(part => (part.Items, part.Tokens)));
    }

    [Fact]
    public void Repeat_SourceWithoutItems_NamesIt()
    {
        MixtureSource<string> source = Named(MixtureEnd.Repeat, ("full", 1, 2, 1.0), ("hollow", 1, 0, 1));
        Assert.Contains("'hollow' of the mixture has no item", Assert.Throws<InvalidOperationException>(() => source.Walk()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Making_BadInput_ListsAllFaults()
    {
        IDataSource<string> twice = Walks.Numbers(1);
        string message = Assert.Throws<ArgumentException>("sources", () => DataSource.Mixture(
            [new(twice, 0) { Name = "books" }, new(twice, 1) { Name = "books", Epochs = 0 }, new(Walks.Numbers(1), double.PositiveInfinity)],
            new MixtureOptions<string> { End = (MixtureEnd)9 })).Message;
        foreach (string part in (string[])["the weight of 'books' is 0", "'books' is given twice", "the name 'books' is given twice", "the epochs of 'books' are 0", "the weight of source 2 is", "the end is 9", "Size"])
            Assert.Contains(part, message, StringComparison.Ordinal);

        StreamState state = Named(MixtureEnd.Repeat, ("a", 1, 2, 1.0), ("b", 1, 2, 1)).Capture();
        message = Assert.Throws<ArgumentException>(() => Named(MixtureEnd.StopAtLast, ("a", 1, 2, 3.0), ("c", 1, 2, 1)).Restore(state)).Message;
        foreach (string part in (string[])["sources was a, b, here it is a, c", "weights was 1 1, here it is 3 1", "end was Repeat"]) Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Size_OfSequencesAndExamples_IsKnown()
    {
        MixtureSource<TokenSequence> sequences = DataSource.Mixture([new WeightedSource<TokenSequence>(DataSource.FromList([new TokenSequence(new int[7])]), 1)], new MixtureOptions<TokenSequence>());
        sequences.Next(TestContext.Current.CancellationToken);
        Assert.Equal(7, sequences.Report.Tokens);
        MixtureSource<Examples.TrainingExample> examples = DataSource.Mixture(
            [new WeightedSource<Examples.TrainingExample>(DataSource.FromList<Examples.TrainingExample>([new Examples.TextExample("four")]), 1)], new MixtureOptions<Examples.TrainingExample>());
        examples.Next(TestContext.Current.CancellationToken);
        Assert.Equal(4, examples.Report.Tokens);
    }

    private static MixtureSource<string> Named(MixtureEnd end, params (string Name, int Size, int Count, double Weight)[] parts) => DataSource.Mixture(
        [.. parts.Select(part => new WeightedSource<string>(Items(part.Name, part.Size, part.Count), part.Weight) { Name = part.Name })], new MixtureOptions<string> { Size = Size, End = end });

    private static IDataSource<string> Items(string name, int size, int count) => DataSource.FromFunction(i => FormattableString.Invariant($"{name}{i}:{size}"), Math.Max(1, count)).Take((long)count);

    private static IDataSource<string> Sized(string name, int count, int seed) =>
        DataSource.FromFunction(i => FormattableString.Invariant($"{name}{i}:{1 + new SplitMix64(seed, i).NextInt(20)}"), count);

    private static long Size(string item) => long.Parse(item.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture);
}
