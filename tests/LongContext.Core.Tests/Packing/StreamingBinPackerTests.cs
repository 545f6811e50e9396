using LongContext.Data;

namespace LongContext.Packing;

public sealed class StreamingBinPackerTests
{
    public static TheoryData<StreamingPackerOptions> AllOptions()
    {
        TheoryData<StreamingPackerOptions> all = [];
        foreach (PackingAlgorithm algorithm in Enum.GetValues<PackingAlgorithm>())
        {
            foreach (PackOrder order in Enum.GetValues<PackOrder>())
                all.Add(new StreamingPackerOptions { ContextLength = 60, Algorithm = algorithm, Order = order, Seed = 4, WindowDocuments = 20, WindowTokens = 500, MaximumWindows = 3 });
        }

        all.Add(new StreamingPackerOptions { ContextLength = 60 });
        all.Add(new StreamingPackerOptions { ContextLength = 60, WindowDocuments = 1, WindowTokens = 120, MinimumFill = 0 });
        all.Add(new StreamingPackerOptions { ContextLength = 60, WindowDocuments = 3000, WindowTokens = 100_000, MinimumFill = 1 });
        return all;
    }

    [Theory]
    [MemberData(nameof(AllOptions))]
    public void Bins_AnyOptions_AreThePacksOfStreamingPacker(StreamingPackerOptions options)
    {
        Random random = new(9);
        TokenSequence[] sequences = [.. Enumerable.Range(0, 2_000).Select(i => new TokenSequence(Enumerable.Repeat(i, (int)(60 * Math.Pow(random.NextDouble(), 2)) + 1).ToArray()))];
        StreamingBinPacker packer = new(options);
        List<long[]> bins = [];
        foreach (TokenSequence sequence in sequences)
        {
            packer.Add(sequence.Length);
            while (packer.TryTake(out ReadOnlyMemory<long> items)) bins.Add(items.ToArray());
        }

        packer.Complete();
        while (packer.TryTake(out ReadOnlyMemory<long> items)) bins.Add(items.ToArray());
        StreamingPacker documents = new(DataSource.FromList(sequences, seed: null), options);
        Assert.Equal(documents.Take().Select(pack => Members(pack)), bins);
        Assert.Equal(Enumerable.Range(0, sequences.Length).Select(i => (long)i), bins.SelectMany(bin => bin).Order());
        Assert.All(bins, bin => Assert.InRange(bin.Sum(item => sequences[item].Length), 1, 60));
        Assert.Equal(documents.Report, packer.Report);
    }

    [Fact]
    public void Add_NextFit_KeepsTheOrder()
    {
        StreamingBinPacker packer = new(new StreamingPackerOptions { ContextLength = 10, Algorithm = PackingAlgorithm.NextFit });
        packer.Add([4, 4, 4, 10, 1]);
        packer.Complete();
        List<long[]> bins = [];
        while (packer.TryTake(out ReadOnlyMemory<long> items)) bins.Add(items.ToArray());
        Assert.Equal([[0, 1], [2], [3], [4]], bins);
    }

    [Fact]
    public void Add_ManyLengths_HandsOutBinsBeforeTheEndAndHoldsOneWindow()
    {
        StreamingBinPacker packer = new(new StreamingPackerOptions { ContextLength = 512 });
        Random random = new(2);
        long taken = 0, most = 0;
        for (int i = 0; i < 100_000; i++)
        {
            packer.Add(random.Next(1, 513));
            while (packer.TryTake(out ReadOnlyMemory<long> items)) taken += items.Length;
            most = Math.Max(most, i + 1 - taken);
        }

        // A window is 64 contexts of tokens: with lengths of 256 on average some 128 documents.
        Assert.InRange(most, 100, 400);
        Assert.InRange(packer.Report.FillRate, 0.98, 1);
    }

    [Theory]
    [InlineData(1, new[] { "0", "1 2", "3", "4 5" })] // nothing waits: the second window is the last two
    [InlineData(2, new[] { "1 2", "0", "3 4" })] // the 7 finds no partner, waits for one window, and goes in the second
    [InlineData(3, new[] { "1 2", "3 4" })] // it would wait for two
    public void Add_ItemWithoutPartner_WaitsNoLongerThanAsked(int windows, string[] expected)
    {
        StreamingBinPacker packer = new(new StreamingPackerOptions { ContextLength = 10, WindowDocuments = 4, MaximumWindows = windows });
        packer.Add([7, 5, 5, 5, 5, 5]);
        if (windows == 1) packer.Complete();
        List<string> bins = [];
        while (packer.TryTake(out ReadOnlyMemory<long> items)) bins.Add(string.Join(' ', items.ToArray()));
        Assert.Equal(expected, bins);
    }

    [Fact]
    public void Add_ManyShortItemsWait_LeavesHalfTheWindowForNewOnes()
    {
        StreamingPackerOptions options = new() { ContextLength = 10, MinimumFill = 1, WindowDocuments = 5, WindowTokens = 1000 };
        int Taken(params int[] lengths)
        {
            StreamingBinPacker packer = new(options);
            packer.Add(lengths);
            int bins = 0;
            while (packer.TryTake(out _)) bins++;
            return bins;
        }

        // Full bins go. What waits is at most half of five items.
        Assert.Equal(3, Taken(10, 10, 10, 7, 2));
        Assert.Equal(3, Taken(10, 10, 3, 3, 3));
    }

    [Fact]
    public void Add_OutOfRangeOrAfterTheEnd_ThrowsAndAddsNothing()
    {
        StreamingBinPacker packer = new(new StreamingPackerOptions { ContextLength = 8 });
        packer.Add(3);
        Assert.Contains("Item 1 has length 9", Assert.Throws<ArgumentOutOfRangeException>(() => packer.Add(9)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => packer.Add(0));
        packer.Complete();
        packer.Complete();
        Assert.True(packer.TryTake(out ReadOnlyMemory<long> items));
        Assert.Equal([0L], items.ToArray());
        Assert.False(packer.TryTake(out _));
        Assert.Throws<InvalidOperationException>(() => packer.Add(1));
    }

    [Fact]
    public void Packer_OptionsThatLengthsCannotHave_NamesAll()
    {
        StreamingPackerOptions options = new() { ContextLength = 0, Overlength = OverlengthPolicy.Split, SortedBatchSize = 2 };
        string message = Assert.Throws<ArgumentException>(() => new StreamingBinPacker(options)).Message;
        Assert.Contains("ContextLength is 0", message, StringComparison.Ordinal);
        Assert.Contains("Overlength is Split", message, StringComparison.Ordinal);
        Assert.Contains("SortedBatchSize is 2", message, StringComparison.Ordinal);
    }

    /// <summary>A sequence's tokens are all its number.</summary>
    private static long[] Members(PackedBatch pack) => [.. pack.CumulativeSequenceLengths.ToArray()[..^1].Select(start => (long)pack.InputIds.Span[start])];
}
