namespace LongContext.Data.Operators;

public sealed class ThreadingTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 5)]
    [InlineData(8, 100)]
    public void SelectParallel_AnyDegree_KeepsTheOrder(int degree, int ahead)
    {
        List<string> walk = Walks.AssertResumesAnywhere(() => Walks.Numbers(60).SelectParallel(Slow, degree, ahead));
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"<{i}>"), walk);
    }

    [Fact]
    public void SelectParallel_Degree_IsReachedAndNotPassed()
    {
        using CountdownEvent allThere = new(3);
        int running = 0, most = 0;
        IDataSource<string> source = Walks.Numbers(30).SelectParallel(
            item =>
            {
                int now = Interlocked.Increment(ref running);
                InterlockedMax(ref most, now);
                if (Number(item) < 3)
                {
                    // The first three wait for each other: they come through only if three run at once.
                    allThere.Signal();
                    if (!allThere.Wait(TimeSpan.FromMinutes(1))) throw new TimeoutException("Three never ran at once.");
                }

                Interlocked.Decrement(ref running);
                return item;
            },
            degree: 3, ahead: 10);
        Assert.Equal(30, source.Walk().Count);
        Assert.Equal(3, most);
    }

    [Fact]
    public void SelectParallel_ReadAhead_IsBounded()
    {
        int read = 0;
        IDataSource<string> source = FlowTests.Failing(1000, () => read++).SelectParallel(item => item, degree: 2, ahead: 5);
        for (int i = 0; i < 20; i++)
        {
            source.Next(TestContext.Current.CancellationToken);
            Assert.InRange(read, 1, i + 5);
        }
    }

    [Fact]
    public void SelectParallel_Fault_ComesInItsTurnAndIsTriedAgain()
    {
        int tries = 0;
        IDataSource<string> source = Walks.Numbers(10).SelectParallel(item => item == "4" && Interlocked.Increment(ref tries) == 1 ? throw new FormatException("four") : item, 4, 8);
        Assert.Equal(["0", "1", "2", "3"], source.Walk(4));
        StreamState before = source.Capture().ThroughAFile();
        Assert.Equal("four", Assert.Throws<FormatException>(() => source.Next(TestContext.Current.CancellationToken)).Message);
        Assert.Equal(["4", "5", "6", "7", "8", "9"], source.Walk());

        IDataSource<string> second = Walks.Numbers(10).SelectParallel(item => item, 1);
        second.Restore(before);
        Assert.Equal("4", second.Next(TestContext.Current.CancellationToken));
        Assert.Contains("SelectParallel gave null", Assert.Throws<InvalidOperationException>(() => Walks.Numbers(1).SelectParallel<string, string>(_ => null!).Walk()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SelectParallel_SourceThatThrows_GivesWhatCameBeforeFirst()
    {
        bool broken = true;
        IDataSource<string> source = Walks.Numbers(8).Select(item => broken && item == "3" ? throw new IOException("broken") : item).SelectParallel(item => item, 2, 10);
        Assert.Equal(["0", "1", "2"], source.Walk(3));
        Assert.Throws<IOException>(() => source.Next(TestContext.Current.CancellationToken));
        Assert.Throws<IOException>(() => source.Next(TestContext.Current.CancellationToken));
        broken = false;
        Assert.Equal(["3", "4", "5", "6", "7"], source.Walk());
    }

    [Fact]
    public void SelectParallel_Cancelled_LosesNothing()
    {
        using ManualResetEventSlim gate = new();
        using CancellationTokenSource cancelling = new();
        IDataSource<string> source = Walks.Numbers(6).SelectParallel(
            item =>
            {
                if (item == "2")
                {
                    cancelling.Cancel();
                    gate.Wait();
                }

                return item;
            },
            degree: 2);
        List<string> taken = [];
        Assert.Throws<OperationCanceledException>(() =>
        {
            while (source.Next(cancelling.Token) is { } item) taken.Add(item);
        });
        gate.Set();
        Assert.Equal(["0", "1", "2", "3", "4", "5"], taken.Concat(source.Walk()));
    }

    [Fact]
    public void SelectParallel_State_IsSelects()
    {
        IDataSource<string> parallel = Walks.Numbers(20).SelectParallel(item => item, 3), single = Walks.Numbers(20).Select(item => item);
        parallel.Walk(7);
        single.Restore(parallel.Capture().ThroughAFile());
        Assert.Equal(parallel.Walk(), single.Walk());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Prefetch_AnyAhead_GivesTheSame(int ahead)
    {
        List<PrefetchingSource<string>> made = [];
        try
        {
            List<string> walk = Walks.AssertResumesAnywhere(() =>
            {
                made.Add(Walks.Numbers(70).Where(item => Number(item) % 7 != 0).Prefetch(ahead));
                return made[^1];
            });
            Assert.Equal(60, walk.Count);
        }
        finally
        {
            made.ForEach(source => source.Dispose());
        }
    }

    [Fact]
    public void Prefetch_FunctionsThatThrow_LoseNothing()
    {
        List<PrefetchingSource<string>> made = [];
        Walks.AssertFaultsLoseNothing(
            call =>
            {
                made.Add(FlowTests.Failing(200, call).Prefetch(4));
                return made[^1];
            },
            // After a restart up to 32 + the look-ahead are read again.
            83, 149);
        Walks.AssertFaultsLoseNothing(
            call =>
            {
                made.Add(FlowTests.Failing(900, call).SelectParallel(item => item, 2).Prefetch(1));
                return made[^1];
            },
            307, 401);
        made.ForEach(source => source.Dispose());
    }

    [Fact]
    public void Prefetch_Disposed_EndsTheThreadAndLeavesTheSource()
    {
        Thread? thread = null;
        IDataSource<string> inner = Walks.Numbers(1000).Select(item =>
        {
            thread = Thread.CurrentThread;
            return item;
        });
        PrefetchingSource<string> source = inner.Prefetch(2);
        Assert.Equal(["0", "1"], source.Walk(2));
        source.Dispose();
        source.Dispose();
        Assert.NotSame(Thread.CurrentThread, thread);
        Assert.False(thread!.IsAlive);
        Assert.Throws<ObjectDisposedException>(() => source.Next(TestContext.Current.CancellationToken));
        Assert.InRange(Number(inner.Walk(1)[0]), 2, 6);
    }

    [Fact]
    public void Prefetch_Cancelled_LosesNothing()
    {
        using ManualResetEventSlim gate = new();
        using PrefetchingSource<string> source = Walks.Numbers(5).Select(item =>
        {
            if (item == "2") gate.Wait();
            return item;
        }).Prefetch();
        Assert.Equal(["0", "1"], source.Walk(2));
        using CancellationTokenSource cancelling = new(TimeSpan.FromMilliseconds(20));
        Assert.Throws<OperationCanceledException>(() => source.Next(cancelling.Token));
        gate.Set();
        Assert.Equal(["2", "3", "4"], source.Walk());
    }

    [Fact]
    public void Making_BadNumbers_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>("degree", () => Walks.Numbers(1).SelectParallel(item => item, 0));
        Assert.Throws<ArgumentOutOfRangeException>("ahead", () => Walks.Numbers(1).SelectParallel(item => item, 1, 0));
        Assert.Throws<ArgumentOutOfRangeException>("ahead", () => Walks.Numbers(1).Prefetch(0));
        Assert.Throws<ArgumentOutOfRangeException>("windowSize", () => Walks.Numbers(1).Shuffle(0));
        Assert.Throws<ArgumentOutOfRangeException>("epochs", () => Walks.Numbers(1).Repeat(0));
        Assert.Throws<ArgumentOutOfRangeException>("passes", () => DataSource.Passes(_ => Walks.Numbers(1), 0));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => DataSourceExtensions.Take(Walks.Numbers(1), -1));
        Assert.Throws<ArgumentOutOfRangeException>("count", () => Walks.Numbers(1).Skip(-1));
    }

    private static string Slow(string item)
    {
        // Later items are done sooner.
        Thread.SpinWait(20 * (60 - Number(item)));
        return $"<{item}>";
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen;
        while ((seen = Volatile.Read(ref most)) < value && Interlocked.CompareExchange(ref most, value, seen) != seen)
        {
        }
    }

    private static int Number(string item) => int.Parse(item, System.Globalization.CultureInfo.InvariantCulture);
}
