using LongContext.Data;

namespace LongContext.Packing;

public sealed class PrefetchingPackFeedTests
{
    private static StreamingPacker Packer(int count = 200) => new(
        DataSource.Mixture<TokenSequence>(
        [
            new(DataSource.FromList([.. Enumerable.Range(0, count).Select(i => RandomSequences.Next(new Random(i), 20))]), 2),
            new(DataSource.FromFunction(i => RandomSequences.Next(new Random(1000 + (int)i), 30), count), 1),
        ], seed: 3, MixtureEnd.GoOnWithOthers),
        new StreamingPackerOptions { ContextLength = 32, WindowDocuments = 15, Order = PackOrder.Shuffled });

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(100)]
    public void Next_AnyNumberAhead_GivesThePacksAndStatesOfTheInnerStream(int ahead)
    {
        string[] whole = Packer().Take().Texts();
        using PrefetchingPackFeed first = new(Packer(), ahead);
        StreamingPacker inner = Packer();
        List<string> begun = [];
        for (int stop = 0; first.Next(TestContext.Current.CancellationToken) is { } pack; stop++)
        {
            begun.Add(pack.Text());
            inner.Next(TestContext.Current.CancellationToken);
            Assert.Equal(inner.Report, first.Report);
            if (stop % 17 != 0) continue;
            using PrefetchingPackFeed second = new(Packer(), ahead);
            second.Take(2);
            second.Restore(first.Capture().ThroughAFile());
            Assert.Equal(whole, begun.Concat(second.Take().Texts()));
        }

        Assert.Equal(whole, begun);
        Assert.Null(first.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Next_SlowReader_MakesOnlySoManyAhead()
    {
        int made = 0;
        StreamingPacker packer = new(
            DataSource.FromFunction(i =>
            {
                Interlocked.Increment(ref made);
                return new TokenSequence(new int[8]);
            }),
            new StreamingPackerOptions { ContextLength = 8, WindowDocuments = 1, WindowTokens = 16 });
        using PrefetchingPackFeed feed = new(packer, 2);
        Assert.NotNull(feed.Next(TestContext.Current.CancellationToken));
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref made) >= 4, TimeSpan.FromSeconds(30)));
        // It may make one more and no further: its place in the queue is not free.
        Thread.Sleep(50);
        Assert.InRange(Volatile.Read(ref made), 4, 6);
    }

    [Fact]
    public void Next_InnerFails_ThrowsInItsTurnAndAgain()
    {
        StreamingPacker packer = new(
            DataSource.FromFunction(i => i == 5 ? throw new InvalidDataException("the source's own") : new TokenSequence(new[] { (int)i, 1 })),
            new StreamingPackerOptions { ContextLength = 2, WindowDocuments = 1, WindowTokens = 4, Algorithm = PackingAlgorithm.NextFit });
        using PrefetchingPackFeed feed = new(packer, 4);
        for (int i = 0; i < 4; i++) Assert.Equal(i, feed.Next(TestContext.Current.CancellationToken)!.InputIds.Span[0]);
        Assert.Throws<InvalidDataException>(() => feed.Next(TestContext.Current.CancellationToken));
        Assert.Throws<InvalidDataException>(() => feed.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Next_CancelledWhileTheInnerStreamWaits_ReturnsAtOnceAndLosesNothing()
    {
        using ManualResetEventSlim goOn = new();
        StreamingPacker packer = new(new Waiting(goOn), new StreamingPackerOptions { ContextLength = 2 });
        using PrefetchingPackFeed feed = new(packer);
        using CancellationTokenSource cancellation = new(20);
        Assert.ThrowsAny<OperationCanceledException>(() => feed.Next(cancellation.Token));
        goOn.Set();
        Assert.Equal(7, feed.Next(TestContext.Current.CancellationToken)!.InputIds.Span[0]);
        Assert.Null(feed.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Dispose_WhileTheInnerStreamWaits_EndsTheWaiting()
    {
        using ManualResetEventSlim goOn = new();
        Waiting source = new(goOn);
        PrefetchingPackFeed feed = new(new StreamingPacker(source, new StreamingPackerOptions { ContextLength = 2 }));
        using CancellationTokenSource cancellation = new(20);
        Assert.ThrowsAny<OperationCanceledException>(() => feed.Next(cancellation.Token));
        feed.Dispose();
        Assert.False(source.IsWaiting);
        feed.Dispose();
        Assert.Throws<ObjectDisposedException>(() => feed.Next(TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Constructor_BadInput_IsRefused()
    {
        Assert.Throws<ArgumentNullException>("inner", () => new PrefetchingPackFeed(null!));
        Assert.Throws<ArgumentOutOfRangeException>("ahead", () => new PrefetchingPackFeed(Packer(), 0));
    }

    /// <summary>One sequence, which comes when it is let.</summary>
    private sealed class Waiting(ManualResetEventSlim goOn) : IDataSource<TokenSequence>
    {
        private bool given;

        public bool IsWaiting { get; private set; }

        public TokenSequence? Next(CancellationToken cancellationToken = default)
        {
            if (given) return null;
            IsWaiting = true;
            try
            {
                goOn.Wait(cancellationToken);
            }
            finally
            {
                IsWaiting = false;
            }

            given = true;
            return new TokenSequence(new[] { 7, 8 });
        }

        public StreamState Capture() => new StreamState("waiting").Set("given", given ? 1 : 0);

        public void Restore(StreamState state) => given = state.GetNumber("given") == 1;
    }
}
