namespace LongContext.Data.Operators;

public sealed class OperatorTests
{
    [Fact]
    public void Select_EachItem_IsMapped() =>
        Assert.Equal(Enumerable.Range(0, 70).Select(i => $"<{i}>"), Walks.AssertResumesAnywhere(() => Walks.Numbers(70).Select(item => $"<{item}>")));

    [Fact]
    public void Select_Null_IsAFault()
    {
        IDataSource<string> source = Walks.Numbers(3).Select(item => item == "1" ? null! : item);
        Assert.Equal("0", source.Next(TestContext.Current.CancellationToken));
        Assert.Contains("Select gave null", Assert.Throws<InvalidOperationException>(() => source.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_SomeItems_AreKept()
    {
        Assert.Equal(
            Enumerable.Range(0, 100).Where(i => i % 7 == 3 || i > 80).Select(i => $"{i}"),
            Walks.AssertResumesAnywhere(() => Walks.Numbers(100).Where(item => Number(item) % 7 == 3 || Number(item) > 80)));
        Assert.Empty(Walks.AssertResumesAnywhere(() => Walks.Numbers(50).Where(_ => false)));
    }

    [Fact]
    public void SelectMany_NoneOneOrMany_InOrder()
    {
        // Item i gives i mod 4 outputs: none of 0, one of 1, two of 2, three of 3, none of 4.
        Assert.Equal(
            ["1.0", "2.0", "2.1", "3.0", "3.1", "3.2", "5.0"],
            Walks.Numbers(6).SelectMany(item => Enumerable.Range(0, Number(item) % 4).Select(j => $"{item}.{j}")).Walk());
        Walks.AssertResumesAnywhere(() => Walks.Numbers(50).SelectMany(item => Enumerable.Range(0, Number(item) * 5 % 7).Select(j => $"{item}.{j}")));
        Assert.Empty(Walks.AssertResumesAnywhere(() => Walks.Numbers(5).SelectMany(_ => Array.Empty<string>())));
    }

    [Fact]
    public void SelectMany_AnotherNumberOfOutputsThanBefore_IsAFault()
    {
        int outputs = 3;
        IDataSource<string> Make() => Walks.Numbers(2).SelectMany(item => Enumerable.Repeat(item, outputs));
        IDataSource<string> first = Make(), second = Make();
        first.Walk(3);
        StreamState state = first.Capture();
        outputs = 1;
        second.Restore(state);
        Assert.Contains("1 outputs of an item of which 3", Assert.Throws<InvalidOperationException>(() => second.Next(TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gather_WhileItemsFit_LeftoverBeginsTheNext()
    {
        // At most 10 together: 0+1+2+3+4 = 10, then 5 (5 + 6 is 11), 6, 7, 8, 9; 10 and 11 alone: 11 is more than fits at all and is left out.
        Assert.Equal(["0+1+2+3+4", "5", "6", "7", "8", "9", "10"], Walks.Numbers(12).Gather(_ => new Sums(10)).Walk());
        Assert.Equal(["0+1+2+3", "4", "5+1"], DataSource.FromList(["0", "1", "2", "99", "3", "4", "5", "77", "1"], seed: null).Gather(_ => new Sums(6)).Walk());
        Walks.AssertResumesAnywhere(() => Walks.Numbers(200).Select(item => $"{Number(item) * 37 % 23}").Gather(_ => new Sums(20)));
        Assert.Empty(Walks.AssertResumesAnywhere(() => Walks.Numbers(300).Select(_ => "21").Gather(_ => new Sums(20))));
    }

    [Fact]
    public void Gather_CompleteGivesNull_TheGroupIsLeftOut() =>
        Assert.Equal(["2+3", "6+7"], Walks.AssertResumesAnywhere(() => Walks.Numbers(9).Gather(number => new Pairs(number % 2 == 1))));

    [Fact]
    public void Gather_FullWhileEmpty_IsAFault() =>
        Assert.Contains("Group 0 of Gather is full without an item", Assert.Throws<InvalidOperationException>(() => Walks.Numbers(3).Gather(_ => new Never()).Walk()).Message, StringComparison.Ordinal);

    [Fact]
    public void Chunk_Size_LastMayBeShorter()
    {
        Assert.Equal(["0+1+2", "3+4+5", "6"], Walks.AssertResumesAnywhere(() => Walks.Numbers(7).Chunk(3)));
        Assert.Equal(["0+1", "2+3"], Walks.AssertResumesAnywhere(() => Walks.Numbers(4).Chunk(2)));
        Walks.AssertResumesAnywhere(() => Walks.Numbers(300).Chunk(7));
        Assert.Throws<ArgumentOutOfRangeException>("size", () => Walks.Numbers(1).Chunk(0));
    }

    [Fact]
    public void AsEnumerable_LeftAndBegunAgain_GoesOn()
    {
        IDataSource<string> source = Walks.Numbers(5);
        Assert.Equal(["0", "1"], source.AsEnumerable(TestContext.Current.CancellationToken).Take(2));
        Assert.Equal(["2", "3", "4"], source.AsEnumerable(TestContext.Current.CancellationToken));
        Assert.Throws<OperationCanceledException>(() => source.AsEnumerable(new CancellationToken(true)).First());
    }

    [Fact]
    public void Operators_Nested_ResumeAnywhere() => Walks.AssertResumesAnywhere(() =>
        Walks.Numbers(90).Where(item => Number(item) % 5 != 0).Select(item => $"{Number(item) * 31 % 17}").Gather(_ => new Sums(30))
            .SelectMany(sum => sum.Split('+')).Where(item => Number(item) % 3 != 1).Chunk(4));

    [Fact]
    public void Operators_FunctionThatThrows_LosesNothing()
    {
        Walks.AssertFaultsLoseNothing(call => Walks.Numbers(60).Select(item =>
        {
            call();
            return item;
        }));
        Walks.AssertFaultsLoseNothing(call => Walks.Numbers(60).Where(item =>
        {
            call();
            return Number(item) % 3 != 0;
        }));
        Walks.AssertFaultsLoseNothing(call => Walks.Numbers(60).SelectMany(item => Outputs(item, call)));
        Walks.AssertFaultsLoseNothing(call => Walks.Numbers(900).Select(item =>
        {
            call();
            return item;
        }).Where(item => Number(item) % 2 == 0).Gather(_ => new Sums(1000)), 211, 307);

        static IEnumerable<string> Outputs(string item, Action call)
        {
            // Fewer calls than the period of the faults, or it would never come to an end.
            if (Number(item) % 2 == 0) call();
            yield return item + "a";
            yield return item + "b";
        }
    }

    [Fact]
    public void Gather_GroupThatThrowsInItsMidst_IsMadeAnew() => Walks.AssertFaultsLoseNothing(call => Walks.Numbers(50).Gather(number => new Sums(60, call)));

    [Fact]
    public void Next_Cancelled_LosesNothing()
    {
        using CancellationTokenSource cancelling = new();
        IDataSource<string> source = Walks.Numbers(40).Select(item =>
        {
            if (item == "20") cancelling.Cancel();
            return item;
        }).Gather(_ => new Sums(200));
        List<string> taken = [];
        Assert.Throws<OperationCanceledException>(() =>
        {
            while (source.Next(cancelling.Token) is { } item) taken.Add(item);
        });
        Assert.Equal(Walks.Numbers(40).Gather(_ => new Sums(200)).Walk(), taken.Concat(source.Walk()));
    }

    [Fact]
    public void Restore_AnotherIdentityOrKind_IsRefused()
    {
        StreamState state = Walks.Numbers(5).Where(_ => true, "a").Capture();
        Assert.Contains("identity was a, here it is b", Assert.Throws<ArgumentException>(() => Walks.Numbers(5).Where(_ => true, "b").Restore(state)).Message, StringComparison.Ordinal);
        Assert.Contains("'where'", Assert.Throws<ArgumentException>(() => Walks.Numbers(5).Select(item => item).Restore(state)).Message, StringComparison.Ordinal);
        Assert.Contains("chunks of 2, here it is chunks of 3", Assert.Throws<ArgumentException>(() => Walks.Numbers(5).Chunk(3).Restore(Walks.Numbers(5).Chunk(2).Capture())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Restore_SourceThatHasShrunk_SaysSo()
    {
        // 45 items in groups that leave one over: the state is an anchor and items to read over, which a shorter source has not.
        IDataSource<string> Make(int count) => new Endless(count).Gather(_ => new Sums(100));
        IDataSource<string> first = Make(45), second = Make(1);
        first.Walk(3);
        second.Restore(first.Capture());
        Assert.Contains("the data has changed", Assert.Throws<DataFormatException>(() => second.Walk()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Capture_LongStream_IsAskedOfTheSourceNowAndThenOnly()
    {
        Counted source = new();
        IDataSource<string> gathered = source.Gather(_ => new Sums(10));
        gathered.Walk(500);
        Assert.InRange(source.Captures, 1, (source.Items / 32) + 2);
        Assert.InRange(gathered.Capture().GetNumber("skip"), 0, 64);
    }

    private static int Number(string item) => int.Parse(item, System.Globalization.CultureInfo.InvariantCulture);

    private sealed class Sums(int most, Action? call = null) : IGroup<string, string>
    {
        private readonly List<string> items = [];
        private int sum;

        public GatherResult Add(string item)
        {
            if (items.Count == 1) call?.Invoke();
            int number = Number(item);
            if (number > most) return GatherResult.LeftOut;
            if (sum + number > most) return GatherResult.Full;
            sum += number;
            items.Add(item);
            return GatherResult.Added;
        }

        public string Complete() => string.Join('+', items);
    }

    private sealed class Pairs(bool kept) : IGroup<string, string>
    {
        private readonly List<string> items = [];

        public GatherResult Add(string item)
        {
            items.Add(item);
            return items.Count == 2 ? GatherResult.AddedLast : GatherResult.Added;
        }

        public string? Complete() => kept ? string.Join('+', items) : null;
    }

    private sealed class Never : IGroup<string, string>
    {
        public GatherResult Add(string item) => GatherResult.Full;

        public string Complete() => "";
    }

    /// <summary>Numbers whose state says nothing of their count.</summary>
    private sealed class Endless(int count) : IDataSource<string>
    {
        private long next;

        public string? Next(CancellationToken cancellationToken = default) => next < count ? FormattableString.Invariant($"{next++}") : null;

        public StreamState Capture() => new StreamState("endless").Set("next", next);

        public void Restore(StreamState state) => next = state.GetNumber("next");
    }

    private sealed class Counted : IDataSource<string>
    {
        public int Captures { get; private set; }

        public int Items { get; private set; }

        public string? Next(CancellationToken cancellationToken = default) => $"{++Items % 7}";

        public StreamState Capture()
        {
            Captures++;
            return new StreamState("counted").Set("next", Items);
        }

        public void Restore(StreamState state) => Items = (int)state.GetNumber("next");
    }
}
