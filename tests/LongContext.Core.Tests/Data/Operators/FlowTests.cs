namespace LongContext.Data.Operators;

public sealed class FlowTests
{
    [Fact]
    public void TakeAndSkip_Parts_AreTheWhole()
    {
        Assert.Equal(["0", "1", "2"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Take(3)));
        Assert.Equal(["7", "8"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Skip(7)));
        Assert.Equal(["2", "3", "4"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Skip(2).Take(3)));
        Assert.Empty(Walks.Numbers(9).Take(0).Walk());
        Assert.Empty(Walks.Numbers(9).Skip(9).Walk());
        Assert.Equal(9, Walks.Numbers(9).Take(100).Walk().Count);
    }

    [Fact]
    public void Take_Amount_EndsWithTheItemThatReachesIt()
    {
        // Sizes 0, 1, 2, ...: 0 + 1 + 2 + 3 = 6, and with 4 it is 10.
        Assert.Equal(["0", "1", "2", "3"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Take(6, Size)));
        Assert.Equal(["0", "1", "2", "3", "4"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Take(7, Size)));
        Assert.Empty(Walks.Numbers(9).Take(0, Size).Walk());
        Assert.Equal(9, Walks.Numbers(9).Take(1000, Size).Walk().Count);
        Assert.Equal(["0", "1", "2"], Walks.Numbers(9).Take(long.MaxValue, item => item == "0" ? 5 : long.MaxValue / 2).Walk()); // their sum is more than a number holds
        Assert.Contains("size is -1", Assert.Throws<InvalidOperationException>(() => Walks.Numbers(9).Take(6, _ => -1).Walk()).Message, StringComparison.Ordinal);
        Walks.AssertFaultsLoseNothing(call => Failing(100, call).Take(60, _ => 2), 7, 11);

        StreamState state = Walks.Numbers(9).Take(6, Size, "lengths").Capture();
        foreach (IDataSource<string> other in new[] { Walks.Numbers(9).Take(6), Walks.Numbers(9).Take(7, Size, "lengths"), Walks.Numbers(9).Take(6, Size, "others") })
            Assert.Throws<ArgumentException>(() => other.Restore(state));
        Assert.Throws<ArgumentOutOfRangeException>("amount", () => Walks.Numbers(1).Take(-1, Size));

        static long Size(string item) => long.Parse(item, System.Globalization.CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Take_AtItsEnd_ReadsNoFurther()
    {
        int asked = 0;
        IDataSource<string> source = DataSource.FromFunction(i =>
        {
            asked++;
            return $"{i}";
        }).Take(4L);
        source.Walk();
        Assert.Equal(4, asked);
    }

    [Fact]
    public void Concat_Sources_FollowEachOther()
    {
        Assert.Equal(["0", "1", "0", "1", "2", "0"], Walks.AssertResumesAnywhere(() => Walks.Numbers(2).Concat(Walks.Numbers(3).Where(_ => true), Walks.Numbers(5).Where(_ => false), Walks.Numbers(1))));
        Assert.Throws<ArgumentNullException>("others", () => Walks.Numbers(1).Concat(Walks.Numbers(1), null!));
    }

    [Fact]
    public void Repeat_Epochs_AreTheSamePass()
    {
        Assert.Equal(["0", "1", "2", "0", "1", "2", "0", "1", "2"], Walks.AssertResumesAnywhere(() => Walks.Numbers(3).Repeat(3)));
        Assert.Equal(20, Walks.AssertResumesAnywhere(() => Walks.Numbers(3).Repeat(), most: 20).Count);

        // From where the source stands when it is repeated.
        IDataSource<string> begun = Walks.Numbers(4);
        begun.Walk(2);
        Assert.Equal(["2", "3", "2", "3"], begun.Repeat(2).Walk());
        Assert.Contains("cannot be repeated", Assert.Throws<InvalidOperationException>(() => Walks.Numbers(2).Where(_ => false).Repeat().Walk()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeat_RestoredBySourceThatStandsElsewhere_RepeatsFromTheSavedStart()
    {
        IDataSource<string> begun = Walks.Numbers(4);
        begun.Walk(2);
        IDataSource<string> first = begun.Repeat(), second = Walks.Numbers(4).Repeat();
        first.Walk(1);
        second.Restore(first.Capture().ThroughAFile());
        Assert.Equal(["3", "2", "3", "2"], second.Walk(4));
    }

    [Fact]
    public void Passes_EachMadeAnew_InTurn()
    {
        static IDataSource<string> Pass(long pass) => Walks.Numbers(7).Shuffle(7, (int)pass);
        List<string> walk = Walks.AssertResumesAnywhere(() => DataSource.Passes(Pass, 3));
        Assert.Equal(walk, Pass(0).Walk().Concat(Pass(1).Walk()).Concat(Pass(2).Walk()));
        Assert.NotEqual(walk[..7], walk[7..14]);
        Assert.Equal(walk, Walks.AssertResumesAnywhere(() => DataSource.Passes(Pass), most: 21));
        Assert.Equal(["0", "0", "1"], Walks.AssertResumesAnywhere(() => DataSource.Passes(pass => Walks.Numbers(1 + (int)pass).Where(_ => true), 2)));
        Assert.Contains("Pass 2 has no item", Assert.Throws<InvalidOperationException>(() => DataSource.Passes(pass => Walks.Numbers(5).Take(2 - pass)).Walk()).Message, StringComparison.Ordinal);
        Assert.Equal(["0", "1", "0", "0"], DataSource.Passes(pass => Walks.Numbers(5).Take(pass == 0 ? 2 : pass == 3 ? 0 : 1), 4).Walk());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(50)]
    public void Shard_AllWorkers_AreDisjointAndTheWhole(int count)
    {
        List<string> all = [];
        for (int index = 0; index < count; index++)
        {
            int worker = index;
            List<string> own = count > 7 && index % 20 != 3 ? Walks.Numbers(41).Shard(worker, count).Walk() : Walks.AssertResumesAnywhere(() => Walks.Numbers(41).Shard(worker, count));
            Assert.Equal(Enumerable.Range(0, 41).Where(i => i % count == worker).Select(i => $"{i}"), own);
            all.AddRange(own);
        }

        Assert.Equal(41, all.Distinct().Count());
        Assert.Equal(41, all.Count);
    }

    [Fact]
    public void Shard_OutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("count", () => Walks.Numbers(1).Shard(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => Walks.Numbers(1).Shard(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>("index", () => Walks.Numbers(1).Shard(-1, 2));
        StreamState state = Walks.Numbers(9).Shard(0, 2).Capture();
        Assert.Contains("index was 0, here it is 1", Assert.Throws<ArgumentException>(() => Walks.Numbers(9).Shard(1, 2).Restore(state)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 20)]
    [InlineData(4, 20)]
    [InlineData(7, 40)]
    [InlineData(40, 100)]
    [InlineData(100, 60)]
    public void Shuffle_Window_HoldsItsItemsInAnotherOrder(int window, int count)
    {
        List<string> walk = Walks.AssertResumesAnywhere(() => Walks.Numbers(count).Shuffle(window, seed: 5));
        string[][] windows = [.. walk.Chunk(window)];
        for (int i = 0; i < windows.Length; i++)
            Assert.Equal(Enumerable.Range(i * window, Math.Min(window, count - (i * window))), windows[i].Select(Number).Order());
        if (window > 1) Assert.NotEqual(walk, Walks.Numbers(count).Walk());
        if (window > 1) Assert.NotEqual(walk, Walks.Numbers(count).Shuffle(window, seed: 6).Walk());
    }

    [Fact]
    public void Shuffle_WindowsOrders_DifferAndAreUniform()
    {
        // χ² of 16 cells over 4,000 windows, far below what a bias would give.
        int[,] counts = new int[4, 4];
        foreach (string[] window in Walks.Numbers(16_000).Shuffle(4, seed: 2).Walk().Chunk(4))
        {
            for (int place = 0; place < 4; place++) counts[place, Number(window[place]) % 4]++;
        }

        Assert.InRange(counts.Cast<int>().Sum(count => Math.Pow(count - 1000, 2) / 1000), 0, 40);
    }

    [Fact]
    public void Shuffle_AfterRepeat_GivesEachPassAnotherOrder()
    {
        List<string> walk = Walks.AssertResumesAnywhere(() => Walks.Numbers(8).Repeat(2).Shuffle(8));
        Assert.NotEqual(walk[..8], walk[8..]);
        Assert.Equal(walk[..8].Order(), walk[8..].Order());
    }

    [Fact]
    public void Shuffle_StateOfDataThatHasShrunk_IsRefused()
    {
        IDataSource<string> Make(bool all) => Walks.Numbers(9).Where(item => all || Number(item) < 4).Shuffle(9);
        IDataSource<string> first = Make(true), second = Make(false);
        first.Walk(6);
        second.Restore(first.Capture());
        Assert.Contains("the data has changed", Assert.Throws<DataFormatException>(() => second.Walk()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Flow_FunctionsThatThrow_LoseNothing()
    {
        Walks.AssertFaultsLoseNothing(call => Failing(100, call).Shuffle(11), 37, 53);
        Walks.AssertFaultsLoseNothing(call => Failing(1000, call).Shard(1, 3).Skip(4).Take(300), 307, 401);
        Walks.AssertFaultsLoseNothing(call => Failing(50, call).Repeat(4).Take(190), 67, 97);
        Walks.AssertFaultsLoseNothing(call => Failing(60, call).Concat(Failing(40, call), Failing(30, call)), 2, 3, 5);
        Walks.AssertFaultsLoseNothing(call => DataSource.Passes(pass => Failing(30 + (int)pass, call), 3), 2, 3, 5);
    }

    [Fact]
    public void Flow_Nested_ResumesAnywhere()
    {
        Walks.AssertResumesAnywhere(() => Walks.Numbers(23).Shard(1, 2).Shuffle(5).Repeat(3).Chunk(2).Shuffle(4, seed: 1).SelectMany(pair => pair).Skip(3).Take(25));
        Walks.AssertResumesAnywhere(() => DataSource.Mixture<string>(
        [
            new(DataSource.Passes(pass => Walks.Numbers(9).Shuffle(4, (int)pass).Where(item => item != "5"), 2), 2),
            new(Walks.Numbers(30).Shard(2, 3).Concat(Walks.Numbers(4).Repeat(2)), 1),
        ], end: MixtureEnd.GoOnWithOthers).SelectParallel(item => item + "!", 2).Chunk(3));
    }

    [Theory]
    [InlineData("concat")]
    [InlineData("mixture")]
    [InlineData("new passes")]
    [InlineData("prefetch")]
    [InlineData("nested")]
    public void Restore_RefusedByOneOfManySources_LeavesAllWhereTheyStood(string what)
    {
        // The state is of the same data but for the last source: the first ones could go to their places in it.
        IDataSource<string> Make(int last)
        {
            IDataSource<string>[] sources = [Walks.Numbers(20), Walks.Numbers(30).Where(_ => true), Walks.Numbers(last)];
            return what switch
            {
                "concat" => sources[0].Concat(sources[1..]),
                "mixture" => DataSource.Mixture<string>([.. sources.Select(source => new WeightedSource<string>(source, 1))], new MixtureOptions<string> { Size = item => item.Length, End = MixtureEnd.GoOnWithOthers }),
                "new passes" => DataSource.Mixture<string>(
                    [new(sources[0], 2) { Epochs = 2, NewPass = pass => Walks.Numbers(20).Skip(pass) }, new(sources[2], 1)], new MixtureOptions<string> { Size = item => item.Length }),
                "prefetch" => sources[2].Prefetch(7),
                _ => sources[0].Concat(sources[1].Concat(sources[2]), DataSource.FromList(["end"])).Shuffle(9).Prefetch(3).Chunk(2).SelectMany(some => some),
            };
        }

        List<string> walk = Make(40).Walk();
        StreamState state;
        IDataSource<string> other = Make(41);
        other.Walk(25);
        state = other.Capture();
        for (int stop = 0; stop < walk.Count; stop += 3)
        {
            IDataSource<string> source = Make(40);
            source.Walk(stop);
            Assert.Contains("count was 41, here it is 40", Assert.Throws<ArgumentException>(() => source.Restore(state)).Message, StringComparison.Ordinal);
            Assert.Equal(walk[stop..], source.Walk());
        }
    }

    internal static IDataSource<string> Failing(int count, Action call) => Walks.Numbers(count).Select(item =>
    {
        call();
        return item;
    });

    private static int Number(string item) => int.Parse(item, System.Globalization.CultureInfo.InvariantCulture);
}
